package embedded

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"github.com/blevesearch/bleve/v2/util"
	"go.etcd.io/bbolt"
	"golang.org/x/sync/errgroup"
)

// verifyShards checks the files of every shard before bleve opens them, since bleve maps them into memory as they are: a
// short file would end the program, and a damaged one is passed over in silence. It returns what is wrong by shard.
//
// All files are read once. That takes about a second for two gigabytes in memory and what the disk needs otherwise; they
// are read soon after anyway.
func verifyShards(dir string, l *ledger, names []string) map[string]string {
	faults := make([]string, len(names))
	var g errgroup.Group
	g.SetLimit(2)
	for i, name := range names {
		g.Go(func() error {
			faults[i] = verifyShard(dir, name, l)
			return nil
		})
	}
	_ = g.Wait() // the functions return none
	found := map[string]string{}
	for i, name := range names {
		if faults[i] != "" {
			found[name] = faults[i]
		}
	}
	return found
}

func verifyShard(dir, shard string, l *ledger) string {
	bolt := shard + "/store/root.bolt"
	if fault, _ := l.check(dir, bolt); fault != "" {
		return fault
	}
	segments, err := boltSegments(filepath.Join(dir, filepath.FromSlash(bolt)))
	if err != nil {
		return fmt.Sprintf("索引文件 %s 有损坏：%v", bolt, err)
	}
	used := map[string]bool{}
	for _, s := range segments {
		name := shard + "/store/" + s
		used[name] = true
		if fault := verifySegment(dir, name, l); fault != "" {
			return fault
		}
	}
	for name := range l.Files {
		// What is noted and no longer used was merged away after it was noted.
		if strings.HasPrefix(name, shard+"/") && name != bolt && !used[name] && !strings.HasSuffix(name, ".zap") {
			if fault, _ := l.check(dir, name); fault != "" {
				return fault
			}
		}
	}
	return ""
}

// verifySegment checks a segment that is in use: by the ledger, or when it is younger than that by the sum in its last
// four bytes.
func verifySegment(dir, name string, l *ledger) string {
	fault, vouched := l.check(dir, name)
	if fault != "" || vouched {
		return fault
	}
	if err := checkFooter(filepath.Join(dir, filepath.FromSlash(name))); err != nil {
		return fmt.Sprintf("索引文件 %s 有损坏：%v", name, err)
	}
	return ""
}

// checkFooter compares a segment file with the CRC-32 that ends it.
func checkFooter(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // it was only read
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.Size() < 4 {
		return errors.New("it is too short for a segment")
	}
	h := crc32.NewIEEE()
	if _, err := io.CopyN(h, f, info.Size()-4); err != nil {
		return err
	}
	var foot [4]byte
	if _, err := io.ReadFull(f, foot[:]); err != nil {
		return err
	}
	if binary.BigEndian.Uint32(foot[:]) != h.Sum32() {
		return errors.New("it differs from the sum that ends it")
	}
	return nil
}

// boltSegments returns the files of the segments that a shard's root.bolt names, after reading all of it. A damaged file
// may lead anywhere, so that panics and faults of memory are errors here.
func boltSegments(name string) (segments []string, err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("it is damaged: %v", r)
		}
	}()
	if _, err := os.Stat(name); err != nil {
		return nil, err // bbolt would make one
	}
	db, err := bbolt.Open(name, 0o600, &bbolt.Options{ReadOnly: true, Timeout: 2 * time.Second})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	err = db.View(func(tx *bbolt.Tx) error {
		root := tx.Bucket(util.BoltSnapshotsBucket)
		if root == nil {
			return nil // nothing was ever written
		}
		if err := walkBolt(root, 0); err != nil {
			return err
		}
		last, _ := root.Cursor().Last()
		if last == nil {
			return nil
		}
		return root.Bucket(last).ForEachBucket(func(key []byte) error {
			if path := root.Bucket(last).Bucket(key).Get(util.BoltPathKey); path != nil {
				segments = append(segments, filepath.Base(string(path)))
			}
			return nil
		})
	})
	return segments, err
}

// boltDepth is more than bleve nests.
const boltDepth = 8

// walkBolt reads every key and value below a bucket.
func walkBolt(b *bbolt.Bucket, depth int) error {
	if depth > boltDepth {
		return errors.New("it is damaged: its parts contain each other")
	}
	sum := crc32.NewIEEE()
	return b.ForEach(func(k, v []byte) error {
		_, _ = sum.Write(k) // never fails; reading is what matters
		_, _ = sum.Write(v)
		if v == nil {
			return walkBolt(b.Bucket(k), depth+1)
		}
		return nil
	})
}
