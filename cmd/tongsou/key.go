package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"tongsou/server/curation"
)

func (c *Config) curationPath() string { return filepath.Join(c.Data, "curation.db") }

// operator is who the log of changes says used the command line: whoever may write to the data folder.
const operator = "命令行"

func keyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "key", Short: "新建、列出与收回工作台和管理接口的钥匙",
		Long: `新建、列出与收回工作台和管理接口的钥匙。serve 正在运行时也可以用，立即生效。

权限有三种：reader 查看，editor 还能改用词、置顶，写入与删除文档，owner 还能发钥匙。`,
		Example: `  tongsou key create --data D --name 张工 --role editor --days 365
  tongsou key list --data D
  tongsou key revoke --data D 1a2b3c4d`,
		Args: noArgs,
	}
	listKeys(cmd) // without more words it lists
	list := &cobra.Command{Use: "list", Short: "列出钥匙", Example: "  tongsou key list --data D", Args: noArgs}
	listKeys(list)
	cmd.AddCommand(keyCreateCommand(), list, keyRevokeCommand())
	return cmd
}

// withKeys runs do on the keys of a data folder.
func withKeys(cmd *cobra.Command, do func(ctx context.Context, s *curation.Store) error) error {
	c, err := loadConfig(cmd)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(c.Data, 0o750); err != nil {
		return fmt.Errorf("建不了数据目录：%w", err)
	}
	s, err := c.openCuration(cmd.Context())
	if err != nil {
		return err
	}
	return errors.Join(do(cmd.Context(), s), s.Close())
}

func keyCreateCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "create", Short: "新建一把钥匙，只显示这一次", Args: noArgs,
		Long: `新建一把钥匙。钥匙写到标准输出，只显示这一次：数据目录里只存它的 SHA-256 摘要，
它是 256 位的随机数，猜不出来，所以不需要为口令设计的慢摘要。`,
		Example: "  tongsou key create --data D --name 张工 --role editor --days 365",
	}
	addFlags(cmd, "data")
	var n curation.NewKey
	var role string
	var asJSON bool
	cmd.Flags().StringVar(&n.Name, "name", "", "给谁用")
	cmd.Flags().StringVar(&role, "role", string(curation.Reader), "权限：reader、editor 或 owner")
	cmd.Flags().IntVar(&n.Days, "days", 0, "有效天数，0 为一直有效")
	cmd.Flags().BoolVar(&asJSON, "json", false, "以 JSON 输出")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		n.Role = curation.Role(role)
		return withKeys(cmd, func(ctx context.Context, s *curation.Store) error {
			k, secret, err := s.CreateKey(ctx, operator, n)
			if wrong := (*curation.FieldError)(nil); errors.As(err, &wrong) {
				return fmt.Errorf("--%s：%s", wrong.Field, wrong.Reason)
			}
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(cmd.OutOrStdout(), struct {
					curation.Key
					Secret string `json:"secret"`
				}{k, secret})
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "已新建 %s（%s，%s）。下面是钥匙，只显示这一次：\n", k.ID, k.Name, k.Role)
			fmt.Fprintln(cmd.OutOrStdout(), secret)
			return nil
		})
	}
	return cmd
}

// listKeys makes a command list the keys.
func listKeys(cmd *cobra.Command) {
	addFlags(cmd, "data")
	var asJSON bool
	cmd.Flags().BoolVar(&asJSON, "json", false, "以 JSON 输出")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return withKeys(cmd, func(ctx context.Context, s *curation.Store) error {
			keys, err := s.Keys(ctx)
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(cmd.OutOrStdout(), map[string][]curation.Key{"keys": append([]curation.Key{}, keys...)})
			}
			return printKeys(cmd.OutOrStdout(), keys, time.Now())
		})
	}
}

func printKeys(w io.Writer, keys []curation.Key, now time.Time) error {
	if len(keys) == 0 {
		fmt.Fprintln(w, "还没有钥匙；用 tongsou key create 新建。")
		return nil
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, k := range keys {
		state := "一直有效"
		switch {
		case !k.Revoked.IsZero():
			state = k.Revoked.Format(time.DateOnly) + " 收回"
		case !k.Works(now):
			state = k.Expires.Format(time.DateOnly) + " 到期"
		case !k.Expires.IsZero():
			state = "到 " + k.Expires.Format(time.DateOnly)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", k.ID, k.Role, state, k.Name)
	}
	return t.Flush()
}

func keyRevokeCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "revoke 编号", Short: "收回一把钥匙，立即失效", Example: "  tongsou key revoke --data D 1a2b3c4d", Args: someArgs("钥匙的编号"),
	}
	addFlags(cmd, "data")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return withKeys(cmd, func(ctx context.Context, s *curation.Store) error {
			for _, id := range args {
				if err := s.Revoke(ctx, operator, id); errors.Is(err, curation.ErrNotFound) {
					return fmt.Errorf("没有编号为 %s 的钥匙；用 tongsou key list 查看", id)
				} else if err != nil {
					return err
				}
				fmt.Fprintf(cmd.OutOrStdout(), "已收回 %s\n", id)
			}
			return nil
		})
	}
	return cmd
}
