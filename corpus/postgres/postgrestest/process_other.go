//go:build unix && !linux

package postgrestest

import "syscall"

// dyingWithUs can do no more here than say as whom a process runs.
func dyingWithUs(as *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: as}
}
