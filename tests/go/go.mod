module sigyn.test/tables

go 1.26
