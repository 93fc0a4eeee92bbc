//go:build unix && !linux

package opensearchtest

import "syscall"

// Bound keeps the terminal's Ctrl+C from a process. Only Linux can end it with its parent.
func Bound() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
