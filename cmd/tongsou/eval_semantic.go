package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"tongsou/index"
	"tongsou/index/embedded"
	"tongsou/index/eval"
	"tongsou/index/semantic"
)

// openModel opens the model that sets are judged with, and the file of their vectors, when --semantic asks for it.
func (j *evalJob) openModel(cmd *cobra.Command) error {
	if !j.semantic {
		return nil
	}
	c, err := loadConfig(cmd)
	if err != nil {
		return err
	}
	var e semantic.Embedder
	if j.model != "" {
		e, err = openModel(j.model, c.SemanticThreads)
	} else {
		e, err = openEmbedder(c)
	}
	if err != nil {
		return err
	}
	j.closers = append(j.closers, e.Close)
	if j.meaning, err = meaningBy(e); err != nil {
		return err
	}
	if j.vectors == "" {
		if j.vectors, err = vectorCache(e.Name()); err != nil {
			return err
		}
	}
	size, err := dimensions(cmd.Context(), e)
	if err != nil {
		return err
	}
	if j.kept, err = eval.OpenVectorFile(j.vectors, size); err != nil {
		return err
	}
	j.closers = append(j.closers, j.kept.Close)
	return nil
}

// dimensions is the length of a model's vectors, by which the file of vectors is cut: that of one that it makes.
func dimensions(ctx context.Context, e semantic.Embedder) (int, error) {
	vectors, err := e.Embed(ctx, []string{"通搜"})
	if err != nil {
		return 0, fmt.Errorf("模型 %s 算不出向量：%w", e.Name(), err)
	}
	if len(vectors) != 1 || len(vectors[0]) == 0 {
		return 0, fmt.Errorf("模型 %s 没有给出向量", e.Name())
	}
	return len(vectors[0]), nil
}

// vectorCache is where the vectors of judged sets are kept from one run to the next.
func vectorCache(model string) (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("找不到缓存目录，请用 --vectors 指定文件：%w", err)
	}
	dir = filepath.Join(dir, "tongsou")
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return "", fmt.Errorf("建不了缓存目录，请用 --vectors 指定文件：%w", err)
	}
	return filepath.Join(dir, "vectors-"+url.PathEscape(model)+".bin"), nil // an endpoint's model may be called BAAI/bge-m3
}

// embed gives a set's index its semantic lane, and returns it; nil when sets are judged by words alone.
func (j *evalJob) embed(ctx context.Context, name string, set *eval.Set, e *embedded.Engine) (*index.Meaning, error) {
	if !j.semantic {
		return nil, nil
	}
	m := &index.Meaning{Embedder: j.meaning.Embedder, Adapter: j.meaning.Adapter, Lane: semantic.NewLane()}
	err := j.kept.Fill(ctx, m, set, func(done, all int) {
		fmt.Fprintf(j.progress, "\r%s：已算向量 %d／%d", name, done, all)
		if done == all {
			fmt.Fprintln(j.progress)
		}
	})
	if err != nil {
		return nil, err
	}
	e.SetMeaning(m)
	return m, nil
}

// adapterFolds is the number of folds by which an adapter is judged.
const adapterFolds = 5

// fitAdapter judges adapters learned without each fold, and learns one from all queries.
func (j *evalJob) fitAdapter(ctx context.Context) error {
	r := index.DefaultRanking()
	lessons, err := eval.GatherLessons(ctx, j.meant, r)
	if err != nil {
		return err
	}
	how := semantic.DefaultLesson()
	if err := lessons.CrossValidate(ctx, j.meant, r, how, adapterFolds, j.out); err != nil {
		return err
	}
	if j.adapter == "" {
		return nil
	}
	raw, err := lessons.Learn(how, func(string) bool { return true }).MarshalBinary()
	if err != nil {
		return err
	}
	if err := os.WriteFile(j.adapter, raw, 0o600); err != nil {
		return fmt.Errorf("写不了适配文件：%w", err)
	}
	fmt.Fprintf(j.out, "用全部查询学得的适配已写到 %s\n", j.adapter)
	return nil
}
