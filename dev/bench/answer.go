package main

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"
)

// parse reads an answer. It returns the status, 0 as long as the answer is not
// complete, and whether the connection may be used again.
func parse(answer []byte) (int, bool, error) {
	header, body, ok := bytes.Cut(answer, []byte("\r\n\r\n"))
	if !ok {
		if len(answer) == maxAnswer {
			return 0, false, errors.New("the answer's header is too long")
		}
		return 0, false, nil
	}
	first, rest, _ := bytes.Cut(header, []byte("\r\n"))
	if len(first) < len("HTTP/1.1 200") || !bytes.HasPrefix(first, []byte("HTTP/1.1 ")) {
		return 0, false, fmt.Errorf("no answer of HTTP/1.1: %.100q", first)
	}
	status, err := strconv.Atoi(string(first[9:12]))
	if err != nil {
		return 0, false, err
	}
	length, keep := -1, true
	for len(rest) > 0 {
		var line []byte
		line, rest, _ = bytes.Cut(rest, []byte("\r\n"))
		name, value, _ := bytes.Cut(line, []byte(":"))
		switch {
		case len(name) == len("Content-Length") && strings.EqualFold(string(name), "Content-Length"):
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return 0, false, err
			}
		case len(name) == len("Connection") && strings.EqualFold(string(name), "Connection"):
			keep = !strings.EqualFold(string(bytes.TrimSpace(value)), "close")
		}
	}
	switch {
	case length < 0:
		return 0, false, fmt.Errorf("the answer %d has no Content-Length", status)
	case len(header)+4+length > maxAnswer:
		return 0, false, fmt.Errorf("the answer %d has %d bytes", status, length)
	case len(body) < length:
		return 0, false, nil
	case len(body) > length:
		return 0, false, fmt.Errorf("there is more after the answer %d", status)
	}
	return status, keep, nil
}

// sysEpollPwait2 is the number of a system call that the package syscall does
// not know; it is the same on all of Go's 64-bit machines but Alpha and MIPS.
const sysEpollPwait2 = 441

// wait is epoll_wait with nanoseconds: requests that are sent at a rate would
// otherwise come in clusters of a millisecond.
func wait(poll int, events []syscall.EpollEvent, timeout time.Duration) (int, error) {
	limit := syscall.NsecToTimespec(timeout.Nanoseconds())
	n, _, code := syscall.Syscall6(sysEpollPwait2, uintptr(poll), uintptr(unsafe.Pointer(&events[0])), uintptr(len(events)), uintptr(unsafe.Pointer(&limit)), 0, 0)
	if code == syscall.EINTR {
		return 0, nil
	}
	if code != 0 {
		return 0, fmt.Errorf("epoll_pwait2, of Linux 5.11: %w", code)
	}
	return int(n), nil
}
