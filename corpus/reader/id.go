package reader

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// hashID makes an ID that is the same for the same parts and safe in a URL: the prefix and 16 hexadecimal digits.
func hashID(prefix string, parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return prefix + "-" + hex.EncodeToString(sum[:8])
}

// codeID makes an ID of a code, keeping what is safe in a URL path.
func codeID(prefix, code string) string {
	var b strings.Builder
	for _, r := range code {
		switch {
		case r >= '0' && r <= '9', r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r == '-', r == '_', r == '.':
			b.WriteRune(r)
		default:
			b.WriteByte('_')
		}
	}
	return prefix + "-" + b.String()
}
