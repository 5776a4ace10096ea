//go:build !seg_static

package seg

// #cgo pkg-config: libseg
import "C"
