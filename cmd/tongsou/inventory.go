package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"tongsou/server/follow"
)

// inventory says what a backup holds. It is the file inventoryName in the backup's folder.
type inventory struct {
	Format  int       `json:"format"`
	Program string    `json:"program"`
	Made    time.Time `json:"made"`
	// Sequence is the store's last change in the backup, Documents how many documents it holds.
	Sequence  uint64 `json:"sequence"`
	Documents int    `json:"documents"`
	// Index says whether the index is in it; without, it is made anew from the store when the backup is restored.
	Index bool         `json:"index"`
	Files []backupFile `json:"files"`
}

// backupFile is one file of a backup by its path in it, with slashes.
type backupFile struct {
	Path   string `json:"path"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

const (
	inventoryName   = "backup.json"
	inventoryFormat = 1
)

// copier copies files to a folder, makes them durable and takes their sums on the way.
type copier struct {
	to    string
	files []backupFile
}

// file copies one file; name is its path in the folder.
func (c *copier) file(from, name string) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = source.Close() }() // it was only read
	target := filepath.Join(c.to, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(target), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(target, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(f, h), source)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("复制 %s：%w", from, err)
	}
	c.files = append(c.files, backupFile{name, n, hexSum(h)})
	return nil
}

// note takes the sum of a file that is in the folder already.
func (c *copier) note(name string) error {
	n, sum, err := sumFile(filepath.Join(c.to, filepath.FromSlash(name)))
	if err == nil {
		c.files = append(c.files, backupFile{name, n, sum})
	}
	return err
}

// tree copies all regular files below a folder. What vanishes meanwhile is passed over.
func (c *copier) tree(from, name string) error {
	return filepath.WalkDir(from, func(full string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		rel, err := filepath.Rel(from, full)
		if err != nil {
			return err
		}
		if err := c.file(full, name+"/"+filepath.ToSlash(rel)); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	})
}

func hexSum(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil)) }

func sumFile(name string) (int64, string, error) {
	f, err := os.Open(name)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = f.Close() }() // it was only read
	h := sha256.New()
	n, err := io.Copy(h, f)
	return n, hexSum(h), err
}

// write makes the inventory the last file of a backup, and everything in it durable.
func (v *inventory) write(dir string) error {
	raw, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(dir, inventoryName), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(raw)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return syncFolders(dir)
}

// syncFolders makes the names in a folder and all below it durable.
func syncFolders(dir string) error {
	return filepath.WalkDir(dir, func(full string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		return syncFolder(full)
	})
}

func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// keyNote tells the operator of a backup with sealed addresses and without their key, where the key has to come from; given is
// the key file that the configuration names.
func (v *inventory) keyNote(given string) string {
	has := func(name string) bool {
		return slices.ContainsFunc(v.Files, func(f backupFile) bool { return f.Path == name })
	}
	switch {
	case !has(followName) || has(follow.KeyName):
		return ""
	case given != "":
		return fmt.Sprintf("备份里没有给订阅者邮箱加密的密钥；请另外保管 %s，没有它订阅读不出来", given)
	}
	return fmt.Sprintf("备份里没有给订阅者邮箱加密的密钥；请把另外保管的密钥用 follow_key_file 指明，或放到数据目录的 %s", follow.KeyName)
}

// readInventory reads what a backup says it holds.
func readInventory(dir string) (*inventory, error) {
	raw, err := os.ReadFile(filepath.Join(dir, inventoryName))
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%s 不是通搜的备份（没有 %s）；请给出 tongsou backup 建的文件夹", dir, inventoryName)
	}
	if err != nil {
		return nil, err
	}
	v := new(inventory)
	if err := json.Unmarshal(raw, v); err != nil {
		return nil, fmt.Errorf("备份的清单 %s 已损坏：%w；请换一份备份", filepath.Join(dir, inventoryName), err)
	}
	if v.Format != inventoryFormat {
		return nil, fmt.Errorf("备份的格式是第 %d 版，本程序只认第 %d 版；请用新版程序恢复", v.Format, inventoryFormat)
	}
	if !slices.ContainsFunc(v.Files, func(f backupFile) bool { return f.Path == "store.db" }) {
		return nil, fmt.Errorf("备份的清单里没有 store.db，备份不完整；请换一份备份")
	}
	for _, f := range v.Files {
		if !filepath.IsLocal(filepath.FromSlash(f.Path)) {
			return nil, fmt.Errorf("备份的清单里有不合规的路径 %q；请换一份备份", f.Path)
		}
	}
	return v, nil
}

// verify holds every file of a backup against the inventory.
func (v *inventory) verify(dir string) error {
	for _, f := range v.Files {
		name := filepath.Join(dir, filepath.FromSlash(f.Path))
		n, sum, err := sumFile(name)
		if err != nil {
			return fmt.Errorf("备份里的 %s 读不了：%w；请换一份备份", f.Path, err)
		}
		if n != f.Bytes || sum != f.SHA256 {
			return fmt.Errorf("备份里的 %s 与清单的校验和不符，已损坏；请换一份备份", f.Path)
		}
	}
	return nil
}
