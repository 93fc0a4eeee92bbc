package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tongsou/index"
	"tongsou/index/embedded"
)

func restoreCommand() *cobra.Command {
	var asJSON, force, only bool
	cmd := &cobra.Command{
		Use: "restore 备份文件夹", Short: "从备份恢复数据目录；先核对，再替换",
		Long: `从 tongsou backup 建的备份恢复数据目录。先核对备份里每个文件的校验和，全部相符才动数据目录。
数据目录里已有文件时要加 --force；原有的文件移到其中的 replaced-时间 文件夹，确认无误后可以删除。
要先停下 serve。中途断电也不要紧：再运行一次即可。`,
		Example: `  tongsou restore --data D /backup/tongsou-2026-01-31
  tongsou restore --check /backup/tongsou-2026-01-31    只核对备份`,
		Args: oneFolder("备份文件夹"),
	}
	addFlags(cmd, "data")
	cmd.Flags().BoolVar(&asJSON, "json", false, "以 JSON 输出备份的清单")
	cmd.Flags().BoolVar(&force, "force", false, "数据目录里已有文件也恢复")
	cmd.Flags().BoolVar(&only, "check", false, "只核对备份，不恢复")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c, err := loadConfig(cmd)
		if err != nil {
			return err
		}
		if err := c.noBackup(true); err != nil && !only {
			return err
		}
		v, err := readInventory(args[0])
		if err == nil {
			err = v.verify(args[0])
		}
		if err == nil && !only {
			err = restore(cmd.Context(), c, args[0], v, force)
		}
		if err != nil {
			return err
		}
		if note := v.keyNote(c.FollowKeyFile); note != "" {
			fmt.Fprintln(cmd.ErrOrStderr(), note)
		}
		if asJSON {
			return printJSON(cmd.OutOrStdout(), v)
		}
		did := "已恢复到 " + c.Data
		if only {
			did = "备份完好"
		}
		fmt.Fprintf(cmd.OutOrStdout(), "%s：%s 的备份，%d 篇文档，到第 %d 号变更，%d 个文件\n",
			did, v.Made.Local().Format("2006-01-02 15:04"), v.Documents, v.Sequence, len(v.Files))
		return nil
	}
	return cmd
}

const (
	// restoringName is a file that is there while a data directory is being replaced. Nothing opens it meanwhile.
	restoringName = "RESTORING"
	// replacedPrefix begins the names of the folders that keep what was replaced.
	replacedPrefix = "replaced-"
)

// checkWhole refuses a data directory in which a restore did not come to its end.
func (c *Config) checkWhole() error {
	if exists(filepath.Join(c.Data, restoringName)) {
		return fmt.Errorf("数据目录 %s 的恢复没有做完；请再运行一次 tongsou restore --force", c.Data)
	}
	return nil
}

// restore puts a verified backup in the place of what the data directory holds.
func restore(ctx context.Context, c *Config, from string, v *inventory, force bool) (err error) {
	if err := os.MkdirAll(c.Data, 0o750); err != nil {
		return fmt.Errorf("建不了数据目录：%w", err)
	}
	release, err := embedded.Hold(c.indexPath())
	if errors.Is(err, index.ErrLocked) {
		return fmt.Errorf("数据目录 %s 正由另一个 tongsou 使用；请先停止 serve，再恢复", c.Data)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, release()) }()
	old, err := present(c.Data)
	if err != nil {
		return err
	}
	if len(old) > 0 && !force {
		return fmt.Errorf("数据目录 %s 里已有文件；请用 --data 换一个目录，或加 --force 替换（原有的文件会留在 %s时间 文件夹里）", c.Data, replacedPrefix)
	}
	staged, err := stage(ctx, c, from, v)
	if err != nil {
		return errors.Join(fmt.Errorf("恢复失败，数据目录没有改动：%w", err), os.RemoveAll(staged))
	}
	if err := replace(c.Data, staged, old); err != nil {
		return fmt.Errorf("替换数据目录时出错：%w；请排除故障以后再运行一次 restore --force", err)
	}
	return nil
}

// present lists what a restore replaces.
func present(data string) ([]string, error) {
	entries, err := os.ReadDir(data)
	if err != nil {
		return nil, err
	}
	var list []string
	for _, d := range entries {
		name := d.Name()
		if strings.HasPrefix(name, stagePrefix) {
			if err := os.RemoveAll(filepath.Join(data, name)); err != nil { // of a restore that was killed
				return nil, err
			}
			continue
		}
		if name != restoringName && !strings.HasPrefix(name, replacedPrefix) {
			list = append(list, name)
		}
	}
	return list, nil
}

const stagePrefix = ".restore-"

// stage copies the backup into the data directory's file system and verifies what arrived.
func stage(ctx context.Context, c *Config, from string, v *inventory) (string, error) {
	dir, err := os.MkdirTemp(c.Data, stagePrefix+"*")
	if err != nil {
		return dir, err
	}
	copies := copier{to: dir}
	for i, f := range v.Files {
		if err := ctx.Err(); err != nil {
			return dir, err
		}
		if err := copies.file(filepath.Join(from, filepath.FromSlash(f.Path)), f.Path); err != nil {
			return dir, err
		}
		if copies.files[i] != f {
			return dir, fmt.Errorf("%s 复制后与校验和不符", f.Path)
		}
	}
	return dir, syncFolders(dir)
}

// replace moves what is old aside and what is staged in. The mark tells everybody until it is done.
func replace(data, staged string, old []string) error {
	mark := filepath.Join(data, restoringName)
	if err := errors.Join(os.WriteFile(mark, nil, 0o600), syncFolder(data)); err != nil {
		return err
	}
	if len(old) > 0 {
		aside := filepath.Join(data, replacedPrefix+time.Now().Format("20060102-150405.000"))
		if err := moveAll(data, aside, old); err != nil {
			return err
		}
	}
	entries, err := os.ReadDir(staged)
	if err != nil {
		return err
	}
	var names []string
	for _, d := range entries {
		names = append(names, d.Name())
	}
	if err := moveAll(staged, data, names); err != nil {
		return err
	}
	return errors.Join(os.Remove(staged), syncFolder(data), os.Remove(mark), syncFolder(data))
}

func moveAll(from, to string, names []string) error {
	if err := os.Mkdir(to, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	for _, name := range names {
		if err := os.Rename(filepath.Join(from, name), filepath.Join(to, name)); err != nil {
			return err
		}
	}
	return errors.Join(syncFolder(from), syncFolder(to))
}
