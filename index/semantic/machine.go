package semantic

import (
	"runtime"
	"strings"
)

// forThisMachine reports whether a library's path, as archives lay it out (linux/x64, linux-aarch64), names no other kind of
// machine than this one.
func forThisMachine(path string) bool {
	path = strings.ToLower(path)
	for arch, names := range map[string][]string{"amd64": {"x64", "x86_64", "amd64"}, "arm64": {"arm64", "aarch64"}} {
		for _, name := range names {
			if arch != runtime.GOARCH && strings.Contains(path, name) {
				return false
			}
		}
	}
	for _, system := range []string{"linux", "darwin", "osx", "win"} {
		if strings.Contains(path, system) {
			return system == runtime.GOOS
		}
	}
	return true
}
