package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tongsou/corpus/store"
	"tongsou/index"
)

func backupCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "backup 目标文件夹", Short: "备份数据目录，serve 不必停",
		Long: `把数据目录备份到一个新文件夹。serve 与 ingest 可以照常运行：存储取某一时刻的完整内容，索引取当时的
只读副本。每个文件都有校验和，全部落盘以后文件夹才改成目标的名字，所以不会有半份备份。`,
		Example: "  tongsou backup --data D /backup/tongsou-2026-01-31",
		Args:    oneFolder("要备份到的文件夹"),
	}
	addFlags(cmd, "data", "shards", "cache_mb")
	cmd.Flags().BoolVar(&asJSON, "json", false, "以 JSON 输出备份的清单")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c, err := loadConfig(cmd)
		if err != nil {
			return err
		}
		b := &backup{config: c, target: args[0], notes: cmd.ErrOrStderr()}
		v, err := b.run(cmd.Context())
		if err != nil {
			return err
		}
		if note := v.keyNote(c.FollowKeyFile); note != "" {
			fmt.Fprintln(cmd.ErrOrStderr(), note)
		}
		if asJSON {
			return printJSON(cmd.OutOrStdout(), v)
		}
		bytes := int64(0)
		for _, f := range v.Files {
			bytes += f.Bytes
		}
		fmt.Fprintf(cmd.OutOrStdout(), "已备份到 %s：%d 篇文档，到第 %d 号变更，%d 个文件，%.1f MB\n",
			args[0], v.Documents, v.Sequence, len(v.Files), float64(bytes)/1e6)
		return nil
	}
	return cmd
}

func oneFolder(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != 1 || args[0] == "" {
			return fmt.Errorf("请给出一个%s，例如：%s", what, firstExample(cmd))
		}
		return nil
	}
}

// backup is one run of the command.
type backup struct {
	config *Config
	target string
	notes  io.Writer
	copier copier
}

func (b *backup) run(ctx context.Context) (*inventory, error) {
	if err := b.checkTarget(); err != nil {
		return nil, err
	}
	part, err := os.MkdirTemp(filepath.Dir(b.target), "."+filepath.Base(b.target)+".partial-*")
	if err != nil {
		return nil, fmt.Errorf("建不了备份的文件夹：%w；请检查目标是否可写、空间是否足够", err)
	}
	defer func() { _ = os.RemoveAll(part) }() // after the renaming there is nothing of that name
	b.copier.to = part
	v, err := b.fill(ctx)
	if err == nil {
		err = v.write(part)
	}
	if err != nil {
		return nil, fmt.Errorf("备份失败，没有留下半份备份：%w；请检查目标的空间与权限，再运行一次", err)
	}
	if err := os.Rename(part, b.target); err != nil {
		return nil, fmt.Errorf("备份改不成目标的名字：%w", err)
	}
	return v, syncFolder(filepath.Dir(b.target))
}

// checkTarget refuses a target that holds something, or that the next backup would contain.
func (b *backup) checkTarget() error {
	if err := b.config.noBackup(false); err != nil {
		return err
	}
	if _, err := os.Stat(b.config.storePath()); err != nil {
		return fmt.Errorf("数据目录 %s 里没有可备份的数据：%w", b.config.Data, err)
	}
	var err error
	if b.target, err = filepath.Abs(b.target); err != nil {
		return err
	}
	data, err := filepath.Abs(b.config.Data)
	if err != nil {
		return err
	}
	if rel, err := filepath.Rel(data, b.target); err == nil && filepath.IsLocal(rel) {
		return fmt.Errorf("备份不能放在数据目录里面；请换一个文件夹，最好在另一块磁盘上")
	}
	if list, err := os.ReadDir(b.target); err == nil && len(list) > 0 {
		return fmt.Errorf("%s 里已经有文件；请给出一个新文件夹", b.target)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("备份的目标不能用：%w", err)
	}
	return os.MkdirAll(filepath.Dir(b.target), 0o750)
}

// fill copies everything. The index goes first: it must not have seen what the store of the backup has not.
func (b *backup) fill(ctx context.Context) (*inventory, error) {
	v := &inventory{Format: inventoryFormat, Program: version(), Made: time.Now().UTC().Truncate(time.Second)}
	if err := b.index(ctx); err == nil {
		v.Index = true
	} else if ctx.Err() != nil {
		return nil, err
	} else {
		fmt.Fprintf(b.notes, "备份里没有索引（%v）；恢复以后会从存储重建，不丢数据\n", err)
	}
	if err := b.loose(ctx); err != nil {
		return nil, err
	}
	var err error
	v.Documents, v.Sequence, err = b.database(ctx, "store.db")
	slices.SortFunc(b.copier.files, func(x, y backupFile) int { return strings.Compare(x.Path, y.Path) })
	v.Files = b.copier.files
	return v, err
}

// index copies the index as it is at one moment: a running serve makes that copy, else this process.
func (b *backup) index(ctx context.Context) error {
	if b.config.Engine == engineOpenSearch {
		return errors.Join(errors.New("索引在集群里"), b.snapshot(ctx))
	}
	if _, err := os.Stat(b.config.indexPath()); err != nil {
		return errors.New("数据目录里没有索引")
	}
	dir := filepath.Join(b.config.asksPath(), askName()+".copy")
	defer func() { _ = os.RemoveAll(dir) }() // copied, or of no use
	e, err := openEmbedded(b.config)
	switch {
	case errors.Is(err, index.ErrLocked):
		err = askServe(ctx, b.config, ask{Do: askCopy, To: filepath.Base(dir)})
	case err == nil:
		// No serve runs: what lies among the asks is of a backup that was killed.
		err = errors.Join(os.RemoveAll(b.config.asksPath()), e.CopyTo(ctx, dir), e.Close())
	}
	if err != nil {
		return err
	}
	before := len(b.copier.files)
	if err := b.copier.tree(dir, "index"); err != nil {
		b.copier.files = b.copier.files[:before]
		return errors.Join(err, os.RemoveAll(filepath.Join(b.copier.to, "index")))
	}
	return nil
}

// loose copies what else lies in the data directory: other databases as SQLite does it, other files as they are.
func (b *backup) loose(ctx context.Context) error {
	entries, err := os.ReadDir(b.config.Data)
	if err != nil {
		return err
	}
	for _, d := range entries {
		name, full := d.Name(), filepath.Join(b.config.Data, d.Name())
		switch {
		case name == "store.db" || !ours(name):
		case d.IsDir():
			err = b.copier.tree(full, name)
		case strings.HasSuffix(name, ".db"):
			_, _, err = b.database(ctx, name)
		case d.Type().IsRegular():
			if err = b.copier.file(full, name); errors.Is(err, fs.ErrNotExist) {
				err = nil // a file that was only passing through
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// ours tells what belongs into a backup of a data directory from what helps a process that runs, and leftovers. The index
// is copied by itself.
func ours(name string) bool {
	for _, end := range []string{"-wal", "-shm", "-journal", ".tmp"} {
		if strings.HasSuffix(name, end) {
			return false
		}
	}
	return name != "index" && name != asksName && name != restoringName && !strings.HasPrefix(name, ".") && !strings.HasPrefix(name, replacedPrefix)
}

// database copies one database; of the store it also tells what it holds.
func (b *backup) database(ctx context.Context, name string) (documents int, seq uint64, err error) {
	target := filepath.Join(b.copier.to, name)
	if err := store.CopyDatabase(ctx, filepath.Join(b.config.Data, name), target); err != nil {
		return 0, 0, err
	}
	if name == "store.db" {
		if documents, seq, err = holdings(ctx, target); err != nil {
			return 0, 0, err
		}
	}
	return documents, seq, b.copier.note(name)
}

// holdings counts the documents of a store, and tells its last change.
func holdings(ctx context.Context, path string) (documents int, seq uint64, err error) {
	s, err := store.Open(ctx, path)
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	counts, err := s.Count(ctx)
	if err != nil {
		return 0, 0, err
	}
	for _, n := range counts {
		documents += n
	}
	seq, err = s.Sequence(ctx)
	return documents, seq, err
}
