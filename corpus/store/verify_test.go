package store_test

import (
	"fmt"
	"os"
	"testing"

	"tongsou/corpus/store"
)

func TestVerify(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		for _, c := range []struct {
			name   string
			damage string
			want   []string
		}{
			{"sound", "", nil},
			{"bytes of no document", "UPDATE document SET body = x'DEADBEEF' WHERE id = 'd2'", []string{`"d2"`}},
			{"one byte short", "UPDATE document SET body = substr(body, 1, length(body) - 1) WHERE id = 'd2'", []string{`"d2"`}},
			{"one byte other", "UPDATE document SET body = substr(body, 1, 20) || x'00' || substr(body, 22) WHERE id = 'd2'", []string{`"d2"`}},
			{"another's text", "UPDATE document SET body = (SELECT body FROM document WHERE id = 'd3') WHERE id = 'd2'", []string{`"d2"`, `"d3"`}},
			{"two broken", "UPDATE document SET body = x'00' WHERE id IN ('d1', 'd3')", []string{`"d1"`, `"d3"`}},
			{"text in place of bytes", "UPDATE document SET body = 'x' WHERE id = 'd2'", []string{`"d2"`}},
			{"no source", "DELETE FROM origin WHERE id = 'd2'", []string{`"d2"`}},
			{"a source of nothing", "UPDATE origin SET id = 'd9' WHERE id = 'd2'", []string{`"d2"`, `"d9"`}},
		} {
			t.Run(c.name, func(t *testing.T) {
				s, path := open(t)
				put(t, s, news("d1", "一"), news("d2", "二"), news("d3", "三"), news("gone", "四"))
				if _, err := s.Delete(t.Context(), "gone"); err != nil {
					t.Fatal(err)
				}
				if c.damage == "" {
					if err := s.Verify(t.Context()); err != nil {
						t.Errorf("a sound store: %v", err)
					}
					return
				}
				exec(t, path, c.damage)
				wantError(t, s.Verify(t.Context()), append(c.want, "damaged", "backup", path)...)
			})
		}
	})
}

// A store with many broken documents names some of them, and says how many there are.
func TestVerifyIsBrief(t *testing.T) {
	onEach(t, func(t *testing.T, open opener) {
		s, path := open(t)
		for i := range 50 {
			put(t, s, news(fmt.Sprint("d", i), "一"))
		}
		exec(t, path, "UPDATE document SET body = x'00'")
		err := s.Verify(t.Context())
		wantError(t, err, "50", "backup")
		if n := len(err.Error()); n > 3000 {
			t.Errorf("the error has %d bytes", n)
		}
	})
}

// A page of the file that was overwritten is found as well.
func TestVerifyReadsEveryPage(t *testing.T) {
	path := t.TempDir() + "/store.db"
	s, err := store.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 300 {
		put(t, s, news(fmt.Sprintf("d%03d", i), fmt.Sprint("正文", i)))
	}
	if err := s.Close(); err != nil { // so that everything is in the one file
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const page = 4096
	for at := 3 * page; at+page < len(raw); at += 4 * page {
		torn := append([]byte(nil), raw...)
		copy(torn[at:at+page], make([]byte, page))
		if err := os.WriteFile(path, torn, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := store.Open(t.Context(), path)
		if err == nil {
			err = s.Verify(t.Context())
			if e := s.Close(); e != nil {
				t.Error(e)
			}
		}
		wantError(t, err, path, "backup")
	}
}
