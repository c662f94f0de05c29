module sigyn.test/logfmt

go 1.26

// The version that Loki 3.7.6 and promtail were built with.
require github.com/go-logfmt/logfmt v0.6.1
