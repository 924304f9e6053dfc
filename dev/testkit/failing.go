package testkit

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// A FailingDisk is an ext4 file system on which, from one moment on, each operation is an
// I/O error, and what was not synced by then is gone.
type FailingDisk struct {
	Path string

	t         testing.TB
	directory string
	image     string
	serial    int
}

// NewFailingDisk mounts one of a size in bytes. It skips the test where that can't be done.
func NewFailingDisk(t testing.TB, size int64) *FailingDisk {
	t.Helper()
	d := &FailingDisk{Path: t.TempDir(), t: t, directory: t.TempDir()}
	d.image = filepath.Join(d.directory, "0")
	err := os.WriteFile(d.image, nil, 0o600)
	if err == nil {
		err = os.Truncate(d.image, size)
	}
	if err == nil {
		_, err = exec.Command("mkfs.ext4", "-q", d.image).Output()
	}
	if err == nil {
		_, err = exec.Command("mount", "-o", "loop", d.image, d.Path).Output()
	}
	if err != nil {
		t.Skipf("no file system that fails can be had here, which takes root and a loop device: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(d.Path, syscall.MNT_DETACH) })
	return d
}

// EXT4_IOC_SHUTDOWN, and EXT4_GOING_FLAGS_NOLOGFLUSH: not even the journal is written.
const (
	shutdown   = 0x8004587d
	noLogFlush = 2
)

// Fail ends the file system.
func (d *FailingDisk) Fail() {
	d.t.Helper()
	f, err := os.Open(d.Path)
	if err != nil {
		d.t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	how := uint32(noLogFlush)
	_, _, failed := syscall.Syscall(syscall.SYS_IOCTL, f.Fd(), shutdown, uintptr(unsafe.Pointer(&how)))
	if failed != 0 {
		d.t.Skipf("no file system can be shut down here: %v", failed)
	}
}

// Mend puts another disk in the place of one that has failed, with the same bytes.
func (d *FailingDisk) Mend() {
	d.t.Helper()
	d.serial++
	next := filepath.Join(d.directory, string(rune('a'+d.serial)))
	err := exec.Command("cp", "--sparse=always", d.image, next).Run()
	if err == nil {
		err = syscall.Unmount(d.Path, syscall.MNT_DETACH)
	}
	if err == nil {
		err = exec.Command("mount", "-o", "loop", next, d.Path).Run()
	}
	if err != nil {
		d.t.Fatal(err)
	}
	_ = os.Remove(d.image)
	d.image = next
}

// ReadOnly makes a directory read-only for who opens a file there from now on, and returns
// what ends that. It skips the test where that can't be done.
func ReadOnly(t testing.TB, directory string) func() {
	t.Helper()
	if err := syscall.Mount(directory, directory, "", syscall.MS_BIND, ""); err != nil {
		t.Skipf("no directory can be mounted read-only here, which takes root: %v", err)
	}
	mounted := true
	writable := func() {
		if mounted {
			mounted = false
			_ = syscall.Unmount(directory, syscall.MNT_DETACH)
		}
	}
	t.Cleanup(writable)
	Await(t, directory+" is read-only", func() bool { // it is busy while a file is open for writing
		err := syscall.Mount("", directory, "", syscall.MS_BIND|syscall.MS_REMOUNT|syscall.MS_RDONLY, "")
		if err != nil && !errors.Is(err, syscall.EBUSY) {
			t.Skipf("no directory can be mounted read-only here: %v", err)
		}
		time.Sleep(time.Millisecond)
		return err == nil
	})
	return writable
}
