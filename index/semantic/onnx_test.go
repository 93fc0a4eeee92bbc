//go:build onnx

package semantic_test

import (
	"context"
	"path/filepath"
	"slices"
	"testing"

	"tongsou/index/semantic"
)

// installed is the model that `make deps` installs.
func installed(t testing.TB) *semantic.Bundle {
	t.Helper()
	found, err := filepath.Glob("../../.bin/semantic-*/model")
	if err != nil || len(found) == 0 {
		t.Skip("the sentence model is not installed; run make deps")
	}
	b, err := semantic.OpenBundle(found[0])
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func openInstalled(t testing.TB) semantic.Embedder {
	t.Helper()
	e, err := semantic.OpenModel(installed(t), "", 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e
}

func embed(t *testing.T, e semantic.Embedder, texts ...string) [][]float32 {
	t.Helper()
	vectors, err := e.Embed(context.Background(), texts)
	if err != nil {
		t.Fatal(err)
	}
	return vectors
}

func TestModelKnowsWhatSharesNoWord(t *testing.T) {
	e := openInstalled(t)
	a, err := semantic.AdapterFor(e.Name())
	if err != nil || a == nil {
		t.Fatalf("no adapter was learned for %s: %v", e.Name(), err)
	}
	items := []string{"劳动保障监察投诉", "居民身份证换领", "出生登记", "不动产转移登记", "机动车驾驶证期满换证", "食品经营许可", "城乡居民基本医疗保险参保登记"}
	vectors := embed(t, e, items...)
	wrong := 0
	for text, want := range map[string]int{
		"老板跑路了工资没给": 0, "身份证快过期了咋整": 1, "给刚生的宝宝落户": 2, "买了二手房怎么过户": 3, "开个小饭馆要啥证": 5,
	} {
		q := a.Apply(embed(t, e, text)[0])
		best := 0
		for i, v := range vectors {
			if cosine(q, v) > cosine(q, vectors[best]) {
				best = i
			}
		}
		if best != want {
			t.Logf("%s is nearest to %s, want %s", text, items[best], items[want])
			wrong++
		}
	}
	if wrong > 1 {
		t.Errorf("%d of 5 needs are nearest to another item", wrong)
	}
}

func TestModelEmbedsManyAsOne(t *testing.T) {
	e := openInstalled(t)
	texts := []string{"出生登记", "", "申请人应当向户口登记机关提交出生医学证明与父母的居民户口簿", "ETC", "办"}
	for i, v := range embed(t, e, texts...) {
		if n := norm(v); len(v) != 512 || n < 0.999 || n > 1.001 {
			t.Errorf("%q: %d dimensions, length %v", texts[i], len(v), n)
		}
		// The quantised model measures each batch anew, so that its company moves a text a little.
		if c := cosine(v, embed(t, e, texts[i])[0]); c < 0.98 {
			t.Errorf("%q alone is elsewhere than among others: cosine %v", texts[i], c)
		}
	}
}

func TestClosedModelSaysSo(t *testing.T) {
	e, err := semantic.OpenModel(installed(t), "", 1)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := e.Embed(context.Background(), []string{"户口"}); err == nil {
		t.Error("a closed model embedded")
	}
}

func TestEndedContextEndsEmbedding(t *testing.T) {
	e := openInstalled(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := e.Embed(ctx, []string{"户口"}); err == nil {
		t.Error("embedded after the end")
	}
}

// BenchmarkEmbed is the rate of passages of 200 characters, and of one query at a time.
func BenchmarkEmbed(b *testing.B) {
	e := openInstalled(b)
	long := "申请人应当在新生儿出生后一个月以内向户口登记机关申报出生登记并提交出生医学证明父母的居民户口簿结婚证等材料。"
	passages := slices.Repeat([]string{long + long + long + long}, 64)
	for name, texts := range map[string][]string{"passages": passages, "query": {"老板跑路了工资没给"}} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := e.Embed(context.Background(), texts); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(texts)*b.N)/b.Elapsed().Seconds(), "texts/s")
		})
	}
}
