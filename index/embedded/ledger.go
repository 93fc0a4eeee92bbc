package embedded

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// ledger keeps what the files of a generation held when they were known to be good: bleve verifies none of them. Segment
// files never change once they are written, so that each is read once for it. It is a file beside the manifest.
type ledger struct {
	// Closed says that nothing was written after the ledger, so that the files that change must be as it says, too.
	Closed bool `json:"closed"`
	// Files are the sums by path within the generation.
	Files map[string]noted `json:"files"`
}

// noted is one file of a ledger.
type noted struct {
	Bytes    int64  `json:"bytes"`
	Modified int64  `json:"modified"` // in nanoseconds, of use for files that change
	SHA256   string `json:"sha256"`
}

const ledgerName = "checksums.json"

// sealed is a ledger as it is written: with its own sum, so that damage to it is not taken for damage to the index.
type sealed struct {
	Ledger json.RawMessage `json:"ledger"`
	Sum    string          `json:"sum"`
}

// readLedger reads the ledger of a generation. One that is not there or is damaged is empty: what it cannot vouch for is
// verified by what the files say of themselves.
func readLedger(dir string) ledger {
	empty := ledger{Files: map[string]noted{}}
	raw, err := os.ReadFile(filepath.Join(dir, ledgerName))
	if err != nil {
		return empty
	}
	var s sealed
	l := empty
	if json.Unmarshal(raw, &s) != nil || hash(s.Ledger) != s.Sum || json.Unmarshal(s.Ledger, &l) != nil || l.Files == nil {
		return empty
	}
	return l
}

func (l *ledger) write(dir string) error {
	raw, err := json.Marshal(l)
	if err != nil {
		return err
	}
	raw, err = json.Marshal(sealed{raw, hash(raw)})
	if err != nil {
		return err
	}
	return replaceFile(filepath.Join(dir, ledgerName), raw)
}

func hash(raw []byte) string {
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}

// noteFile reads a file and returns its sum, and whether it was left alone meanwhile.
func noteFile(name string) (noted, bool, error) {
	f, err := os.Open(name)
	if err != nil {
		return noted{}, false, err
	}
	defer func() { _ = f.Close() }() // it was only read
	before, err := f.Stat()
	if err != nil {
		return noted{}, false, err
	}
	h := sha256.New()
	n, err := io.Copy(h, f)
	if err != nil {
		return noted{}, false, err
	}
	after, err := os.Stat(name)
	if err != nil {
		return noted{}, false, err
	}
	still := after.Size() == n && after.ModTime().Equal(before.ModTime())
	return noted{n, before.ModTime().UnixNano(), hex.EncodeToString(h.Sum(nil))}, still, nil
}

// changes reports whether a file of a shard is written more than once.
func changes(name string) bool { return path.Base(name) == "root.bolt" || name == manifestName }

// passing reports whether a file is none of the index: the ledger itself, or what a killed process was writing.
func passing(name string) bool {
	base := path.Base(name)
	return base == ledgerName || strings.Contains(base, ".json.") || strings.HasPrefix(base, "dictionary.")
}

// take notes the files that live reports as part of the index and forgets those that are gone. closed says that nobody
// writes any more. It reports whether anything is new.
func (l *ledger) take(dir string, live func(name string) bool, closed bool) (bool, error) {
	seen := map[string]bool{}
	fresh := l.Closed != closed
	err := filepath.WalkDir(dir, func(full string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // a merge removed it meanwhile
		}
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, full)
		if err != nil {
			return err
		}
		name := filepath.ToSlash(rel)
		if passing(name) || !live(name) {
			return nil
		}
		seen[name] = true
		isNew, err := l.takeFile(full, name, d, closed)
		fresh = fresh || isNew
		return err
	})
	for name := range l.Files {
		if !seen[name] {
			delete(l.Files, name)
			fresh = true
		}
	}
	l.Closed = closed
	return fresh, err
}

func (l *ledger) takeFile(full, name string, d fs.DirEntry, closed bool) (bool, error) {
	old, known := l.Files[name]
	if known && !changes(name) {
		return false, nil
	}
	if info, err := d.Info(); known && !closed && err == nil && info.ModTime().UnixNano() == old.Modified && info.Size() == old.Bytes {
		return false, nil
	}
	n, still, err := noteFile(full)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("note the checksum of %s: %w", full, err)
	}
	if !still {
		return false, nil // the next time finds it at rest
	}
	l.Files[name] = n
	return n != old, nil
}

// check compares one file with what is noted of it and returns what is wrong, in words for an operator, "" when nothing
// is, and whether its content was vouched for.
func (l *ledger) check(dir, name string) (fault string, vouched bool) {
	want, known := l.Files[name]
	if !known {
		return "", false
	}
	full := filepath.Join(dir, filepath.FromSlash(name))
	info, err := os.Stat(full)
	if err != nil {
		return fmt.Sprintf("索引文件 %s 不见了", name), false
	}
	if changes(name) && !l.Closed && (info.ModTime().UnixNano() != want.Modified || info.Size() != want.Bytes) {
		return "", false // written after it was noted
	}
	if info.Size() != want.Bytes {
		return fmt.Sprintf("索引文件 %s 有 %d 字节，应为 %d 字节", name, info.Size(), want.Bytes), false
	}
	got, _, err := noteFile(full)
	if err != nil {
		return fmt.Sprintf("索引文件 %s 读不了：%v", name, err), false
	}
	if got.SHA256 != want.SHA256 {
		return fmt.Sprintf("索引文件 %s 与校验和不符", name), false
	}
	return "", true
}
