//go:build seg_static

package seg

// The archive is named first and whatever it leaves open comes from the shared libraries of
// pkg-config, so that the program does not need libseg.so when it runs.

// #cgo pkg-config: --static libseg
// #cgo LDFLAGS: -Wl,--as-needed -l:libseg.a
import "C"
