package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"tongsou/index"
	"tongsou/segment"
)

func relatedCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "related 词", Short: "看本站资料中与一个词常同现的词",
		Long: `列出从本站资料学到的相关词：事项的日常用语、问答、条件、材料与事项名称，事项与设定依据，
答复与所答的问题，法规政策的标题与正文。搜索时只作很弱的扩展，排在词库之后，照原样搜时不用。

serve 正在运行时也可以看。`,
		Example: "  tongsou related --data D 落户",
		Args:    someArgs("要看的词"),
	}
	addFlags(cmd, "data")
	cmd.Flags().BoolVar(&asJSON, "json", false, "以 JSON 输出")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c, err := loadConfig(cmd)
		if err != nil {
			return err
		}
		r, err := readRelated(c)
		switch {
		case errors.Is(err, os.ErrNotExist):
			return fmt.Errorf("数据目录 %s 还没有学到相关词；请先运行 tongsou ingest --data %s 文件或目录，或启动 serve 稍等片刻", c.Data, c.Data)
		case errors.Is(err, index.ErrRelatedFile):
			return fmt.Errorf("相关词文件不完整，搜索不受影响；下次收入资料后会重新生成：%w", err)
		case err != nil:
			return err
		}
		found := relatedTo{Word: segment.Fold(strings.Join(args, "")), From: r.From, Words: r.Len()}
		found.Terms = append([]index.RelatedTerm{}, r.Terms(found.Word)...)
		if asJSON {
			return printJSON(cmd.OutOrStdout(), found)
		}
		found.print(cmd.OutOrStdout())
		return nil
	}
	return cmd
}

// relatedTo is what was learned of one word, and from how much.
type relatedTo struct {
	Word  string              `json:"word"`
	Terms []index.RelatedTerm `json:"terms"`
	Words int                 `json:"words"`
	From  index.RelatedFrom   `json:"from"`
}

func (r *relatedTo) print(w io.Writer) {
	fmt.Fprintf(w, "从 %d 篇文档学到 %d 个词的相关词（到第 %d 号变更）\n", r.From.Documents, r.Words, r.From.Sequence)
	if len(r.Terms) == 0 {
		fmt.Fprintf(w, "没有与“%s”相关的词。\n", r.Word)
	}
	for _, t := range r.Terms {
		fmt.Fprintf(w, "  %s→%s　同现 %d 篇，强度 %.2f，对数似然比 %.1f\n", r.Word, t.Text, t.Documents, t.Strength, t.Together)
	}
}
