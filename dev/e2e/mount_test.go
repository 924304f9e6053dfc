package e2e

import "syscall"

// mountSmall mounts a disk of 10 MiB.
func mountSmall(directory string) error {
	return syscall.Mount("tmpfs", directory, "tmpfs", 0, "size=10m")
}

func unmount(directory string) { _ = syscall.Unmount(directory, syscall.MNT_DETACH) }
