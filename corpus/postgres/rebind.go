package postgres

import (
	"strconv"
	"strings"
)

// rebind gives the values of a query PostgreSQL's names: ? becomes $1, $2, … in order, ?3 becomes $3. What stands in
// quotes or behind -- is left alone.
func rebind(query string) string {
	if !strings.Contains(query, "?") {
		return query
	}
	var b strings.Builder
	n := 0
	for i := 0; i < len(query); i++ {
		switch c := query[i]; {
		case c == '\'' || c == '"':
			end := after(query, i+1, string(c))
			b.WriteString(query[i:end])
			i = end - 1
		case strings.HasPrefix(query[i:], "--"):
			end := after(query, i, "\n")
			b.WriteString(query[i:end])
			i = end - 1
		case c == '?':
			b.WriteByte('$')
			if i+1 == len(query) || query[i+1] < '0' || query[i+1] > '9' {
				n++
				b.WriteString(strconv.Itoa(n))
			}
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// after is the place behind the next end, or the end of the text.
func after(s string, from int, end string) int {
	if i := strings.Index(s[from:], end); i >= 0 {
		return from + i + len(end)
	}
	return len(s)
}

// Text is a text as PostgreSQL takes it: bytes that are no UTF-8, and the zero byte, become U+FFFD. Every text that goes to
// the server goes through it.
func Text(s string) string {
	if strings.IndexByte(s, 0) >= 0 {
		s = strings.ReplaceAll(s, "\x00", "\ufffd")
	}
	return strings.ToValidUTF8(s, "\ufffd")
}
