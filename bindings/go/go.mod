module libseg.example/seg

go 1.24
