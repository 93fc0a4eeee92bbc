package opensearchtest

import "syscall"

// Bound lets a process outlive no test, however that ends, and keeps the terminal's Ctrl+C from it.
func Bound() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}
