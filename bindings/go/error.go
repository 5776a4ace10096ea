package seg

// #include <seg/seg.h>
import "C"

import (
	"context"
	"fmt"
	"strings"
	"syscall"
	"unicode/utf8"
	"unsafe"
)

// A Code tells what kind of failure an [Error] is. Codes are errors themselves, for errors.Is.
type Code int32

// The codes. Numbers are never reused; later versions of the library may add new ones.
const (
	ErrArg         Code = C.SEG_E_ARG          // an argument is out of range or contradicts another
	ErrVersion     Code = C.SEG_E_VERSION      // an option that the library does not know
	ErrMisuse      Code = C.SEG_E_MISUSE       // a call in the wrong state, as after Close
	ErrBound       Code = C.SEG_E_BOUND        // a parameter is missing, unknown or of wrong type
	ErrFork        Code = C.SEG_E_FORK         // a handle used in a child of its process
	ErrSyntax      Code = C.SEG_E_SYNTAX       // the text does not follow the grammar
	ErrUnknownName Code = C.SEG_E_UNKNOWN_NAME // no such event, attribute, segment or zone
	ErrType        Code = C.SEG_E_TYPE         // operands whose types do not fit together
	ErrCycle       Code = C.SEG_E_CYCLE        // segments that refer to each other in a circle
	ErrOverflow    Code = C.SEG_E_OVERFLOW     // a sum or product that does not fit 64 bits
	ErrInUse       Code = C.SEG_E_IN_USE       // other segments refer to the one to be dropped
	ErrDialect     Code = C.SEG_E_DIALECT      // a dialect of SQL cannot say a condition
	ErrData        Code = C.SEG_E_DATA         // a row, id, time or value is not acceptable
	ErrSchema      Code = C.SEG_E_SCHEMA       // a column's type differs from what the store has
	ErrRoaring     Code = C.SEG_E_ROARING      // bytes that are not a valid roaring bitmap
	ErrNotFound    Code = C.SEG_E_NOT_FOUND    // no such user, segment or other named thing
	ErrConflict    Code = C.SEG_E_CONFLICT     // an event id seen before with another content
	ErrNoMem       Code = C.SEG_E_NOMEM        // out of memory; nothing has happened
	ErrLimit       Code = C.SEG_E_LIMIT        // a documented limit would be exceeded
	ErrInterrupted Code = C.SEG_E_INTERRUPTED  // the context of the call was cancelled
	ErrFull        Code = C.SEG_E_FULL         // no space on the medium
	ErrIO          Code = C.SEG_E_IO           // the operating system reported an error
	ErrCorrupt     Code = C.SEG_E_CORRUPT      // bytes of a store that fail their checks
	ErrBusy        Code = C.SEG_E_BUSY         // the store is open elsewhere
	ErrPoisoned    Code = C.SEG_E_POISONED     // a write failed midway; close and open again
	ErrReadOnly    Code = C.SEG_E_READ_ONLY    // a store opened for reading
	ErrFormatNew   Code = C.SEG_E_FORMAT_NEW   // a file of a later version
	ErrExists      Code = C.SEG_E_EXISTS       // a file that was to be made is there already
	ErrExpired     Code = C.SEG_E_EXPIRED      // a snapshot older than the store's limit
	ErrInternal    Code = C.SEG_E_INTERNAL     // a fault of the library: please report it
)

// Error is the name of the constant in C, for example "SEG_E_SYNTAX".
func (c Code) Error() string { return C.GoString(C.seg_status_name(C.seg_status(c))) }

// An Error is a failure with its place. Compare the code, not the message:
//
//	errors.Is(err, seg.ErrSyntax)
type Error struct {
	Code    Code
	Offset  int    // first offending byte of Text; -1 if there is none
	Length  int    // how many bytes the fault covers; 0 if unknown
	Line    int    // 1-based line of Text, or row of the data; 0 if there is none
	Column  int    // 1-based column in code points; 0 if there is none
	Message string // one sentence without a full stop
	Hint    string // what to do about it, or ""
	Text    string // the predicate or value that the place is in, or ""

	cause error // of an interruption by a context, and of a failure of the system
}

// Error is the message, the line of the fault and the hint in one line.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "seg: %s", e.Message)
	if e.Column > 0 {
		fmt.Fprintf(&b, " (line %d, column %d)", e.Line, e.Column)
	} else if e.Line > 0 {
		fmt.Fprintf(&b, " (row %d)", e.Line)
	}
	if e.Hint != "" {
		fmt.Fprintf(&b, ": %s", e.Hint)
	}
	return b.String()
}

// Is reports whether target is the code of the error.
func (e *Error) Is(target error) bool {
	code, ok := target.(Code)
	return ok && code == e.Code
}

// Unwrap is the cause of an interruption, such as context.DeadlineExceeded, or the
// syscall.Errno of [ErrIO].
func (e *Error) Unwrap() error { return e.cause }

// Caret shows the line of the text with a mark under the fault, and the hint behind it:
//
//	did login in last 30 dasy
//	                     ^^^^ did you mean "days"?
//
// It is empty where the error has no place in a text.
func (e *Error) Caret() string {
	if e.Text == "" || e.Offset < 0 || e.Offset > len(e.Text) {
		return ""
	}
	begin := strings.LastIndexByte(e.Text[:e.Offset], '\n') + 1
	line := e.Text[begin:]
	if end := strings.IndexByte(line, '\n'); end >= 0 {
		line = line[:end]
	}
	from := min(e.Offset-begin, len(line))
	to := min(from+max(e.Length, 0), len(line))
	var b strings.Builder
	b.WriteString(line)
	b.WriteByte('\n')
	for _, r := range line[:from] {
		if r != '\t' {
			r = ' '
		}
		b.WriteRune(r)
	}
	b.WriteString(strings.Repeat("^", max(utf8.RuneCountInString(line[from:to]), 1)))
	if e.Hint != "" {
		b.WriteByte(' ')
		b.WriteString(e.Hint)
	}
	return b.String()
}

// newError starts an error of C without a call of C.
func newError() C.seg_error {
	return C.seg_error{struct_size: C.uint32_t(unsafe.Sizeof(C.seg_error{})), offset: -1}
}

// failed makes the Go error of a status that is not SEG_OK; text is what the place is in.
func failed(status C.seg_status, e *C.seg_error, text string) error {
	out := describe(e, text)
	out.Code = Code(status)
	if out.Message == "" {
		out.Message = out.Code.Error()
	}
	return out
}

func describe(e *C.seg_error, text string) *Error {
	out := &Error{
		Code:    Code(e.code),
		Offset:  int(e.offset),
		Length:  int(e.length),
		Line:    int(e.line),
		Column:  int(e.column),
		Message: C.GoString(&e.message[0]),
		Hint:    C.GoString(&e.hint[0]),
		Text:    text,
	}
	if e.os_errno != 0 {
		out.cause = syscall.Errno(e.os_errno)
	}
	return out
}

// fault is an error that Go finds before C is asked.
func fault(code Code, format string, arguments ...any) error {
	return &Error{Code: code, Offset: -1, Message: fmt.Sprintf(format, arguments...)}
}

func closed(what string) error { return fault(ErrMisuse, "the %s is closed", what) }

// interrupted tells why: the cause of the context.
func interrupted(ctx context.Context) error {
	return &Error{Code: ErrInterrupted, Offset: -1, Message: "the call was interrupted",
		cause: context.Cause(ctx)}
}
