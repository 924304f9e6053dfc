package testkit

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// FreezableDisk mounts a file system of its own, and returns where, and what freezes and
// thaws it (fsfreeze's --freeze and --unfreeze): whoever writes to it meanwhile hangs. It
// skips the test where there is no such thing.
func FreezableDisk(t testing.TB) (string, func(how string) error) {
	t.Helper()
	mount := t.TempDir()
	image := filepath.Join(t.TempDir(), "image")
	run := func(name string, arguments ...string) error {
		out, err := exec.Command(name, arguments...).CombinedOutput()
		if err != nil {
			return fmt.Errorf("%s: %w: %s", name, err, out)
		}
		return nil
	}
	err := os.WriteFile(image, nil, 0o600)
	if err == nil {
		err = os.Truncate(image, 16<<20)
	}
	if err == nil {
		err = run("mkfs.ext4", "-q", image)
	}
	if err == nil {
		err = run("mount", "-o", "loop", image, mount)
	}
	if err != nil {
		t.Skipf("no file system that can be frozen can be had here, which takes root and a loop device: %v", err)
	}
	freeze := func(how string) error { return run("fsfreeze", how, mount) }
	t.Cleanup(func() {
		_ = freeze("--unfreeze")
		if err := run("umount", "--lazy", mount); err != nil {
			t.Error(err)
		}
	})
	if err := freeze("--freeze"); err != nil {
		t.Skipf("no file system can be frozen here: %v", err)
	}
	if err := freeze("--unfreeze"); err != nil {
		t.Fatal(err)
	}
	return mount, freeze
}

// A SmallDisk is a file system that is soon full.
type SmallDisk struct {
	Path string
	t    testing.TB
}

// NewSmallDisk mounts one of a size in bytes. It skips the test where that can't be done.
func NewSmallDisk(t testing.TB, size int) *SmallDisk {
	t.Helper()
	return MountSmallDisk(t, t.TempDir(), size)
}

// MountSmallDisk mounts one over a directory.
func MountSmallDisk(t testing.TB, directory string, size int) *SmallDisk {
	t.Helper()
	d := &SmallDisk{Path: directory, t: t}
	if err := syscall.Mount("tmpfs", d.Path, "tmpfs", 0, fmt.Sprintf("size=%d", size)); err != nil {
		t.Skipf("no small file system can be had here, which takes root: mount: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(d.Path, syscall.MNT_DETACH) })
	return d
}

func (d *SmallDisk) filler() string { return filepath.Join(d.Path, "filler") }

// Fill leaves no room on the disk.
func (d *SmallDisk) Fill() {
	d.t.Helper()
	f, err := os.OpenFile(d.filler(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		d.t.Fatal(err)
	}
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	_ = f.Close()
}

// Free takes away what Fill has put there.
func (d *SmallDisk) Free() {
	d.t.Helper()
	if err := os.Remove(d.filler()); err != nil {
		d.t.Fatal(err)
	}
}

// Writable sets whether the disk can be written to. It can't be set to false while a file
// is open for writing.
func (d *SmallDisk) Writable(writable bool) {
	d.t.Helper()
	flags := uintptr(syscall.MS_REMOUNT)
	if !writable {
		flags |= syscall.MS_RDONLY
	}
	if err := syscall.Mount("tmpfs", d.Path, "tmpfs", flags, ""); err != nil {
		d.t.Fatal(err)
	}
}
