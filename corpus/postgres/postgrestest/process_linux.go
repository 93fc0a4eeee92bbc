package postgrestest

import "syscall"

// dyingWithUs makes a process that ends when the one that started it does.
func dyingWithUs(as *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: as, Pdeathsig: syscall.SIGQUIT}
}
