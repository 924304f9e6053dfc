package testkit

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// A QuotaDisk is a btrfs file system with a quota of 16 MiB for one directory: unlike those of
// other file systems it holds for root, too.
type QuotaDisk struct {
	Path string
	t    testing.TB
}

// NewQuotaDisk mounts one. It skips the test where that can't be done.
func NewQuotaDisk(t testing.TB) *QuotaDisk {
	t.Helper()
	mount, image := t.TempDir(), filepath.Join(t.TempDir(), "image")
	d := &QuotaDisk{Path: filepath.Join(mount, "quota"), t: t}
	err := os.WriteFile(image, nil, 0o600)
	if err == nil {
		err = os.Truncate(image, 256<<20)
	}
	mounted := false
	for _, command := range [][]string{
		{"mkfs.btrfs", "--quiet", image},
		{"mount", "-o", "loop", image, mount},
		{"btrfs", "quota", "enable", mount},
		{"btrfs", "subvolume", "create", d.Path},
		{"btrfs", "qgroup", "limit", "16M", d.Path},
	} {
		if err != nil {
			break
		}
		if out, problem := exec.Command(command[0], command[1:]...).CombinedOutput(); problem != nil {
			err = fmt.Errorf("%s: %w: %s", command[0], problem, out)
		} else if command[0] == "mount" {
			mounted = true
		}
	}
	t.Cleanup(func() {
		if mounted {
			_ = syscall.Unmount(mount, syscall.MNT_DETACH)
		}
	})
	if err != nil {
		t.Skipf("no file system with a quota can be had here, which takes root, a loop device and btrfs-progs: %v", err)
	}
	return d
}

// Fill uses the quota up.
func (d *QuotaDisk) Fill() {
	d.t.Helper()
	f, err := os.OpenFile(d.filler(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		d.t.Fatal(err)
	}
	for err == nil {
		if _, err = f.Write(make([]byte, 64<<10)); err == nil {
			err = f.Sync()
		}
	}
	_ = f.Close()
	if !errors.Is(err, syscall.EDQUOT) {
		d.t.Fatalf("the disk has no quota: %v", err)
	}
}

// Free gives back what Fill has used up.
func (d *QuotaDisk) Free() {
	d.t.Helper()
	if err := os.Remove(d.filler()); err != nil {
		d.t.Fatal(err)
	}
	_ = exec.Command("sync", "--file-system", d.Path).Run()
}

func (d *QuotaDisk) filler() string { return filepath.Join(d.Path, "filler") }
