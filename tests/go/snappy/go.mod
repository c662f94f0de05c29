module sigyn.test/snappy

go 1.26

// The version that Loki 3.7.6 was built with.
require github.com/golang/snappy v1.0.0
