package reader_test

import (
	"testing"

	"tongsou/corpus"
	"tongsou/corpus/reader"
)

// What tells one kind of record from another, and one value of a cell from the next.
func TestRecordsAreToldApart(t *testing.T) {
	for _, c := range []struct {
		name, file, text string
		kind             corpus.Kind
		published        corpus.Date
	}{
		{"news with a source", "a.jsonl", `{"title": "政务大厅周六开门", "text": "本周起周六也能办事。", "source": "示例日报", "date": "2024-05-06"}`, corpus.KindNews, "2024-05-06"},
		{"a policy with an issuer", "b.jsonl", `{"title": "养犬管理办法", "text": "第一条 养犬应当登记。", "issuer": "示例市人民政府", "publish_date": "2024-05-06"}`, corpus.KindPolicy, "2024-05-06"},
	} {
		got := read(t, c.file, []byte(c.text+"\n"), reader.Options{})
		if len(got.Documents) != 1 || got.Documents[0].Kind != c.kind || got.Documents[0].Published != c.published {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
	table := "事项名称,实施主体,申请材料\n养犬登记,某区公安局,居民身份证|原件|1；犬只免疫证明|电子\n收养登记,某区民政局,户口簿；身份证\n"
	got := read(t, "items.csv", []byte(table), reader.Options{})
	if len(got.Documents) != 2 {
		t.Fatalf("%+v", got)
	}
	if m := got.Documents[0].Item.Materials; len(m) != 2 || m[1].Name != "犬只免疫证明" || m[1].Form != "电子" {
		t.Errorf("materials with fields between semicolons: %+v", m)
	}
}

// A law whose text is missing at its source is still known by its title and its history.
func TestALawWithoutTextIsKept(t *testing.T) {
	got := read(t, "laws/示例市节水办法(2012-09-27).md", []byte("# 示例市节水办法\n\n1998年5月29日 示例市人民代表大会常务委员会通过\n\n<!-- INFO END -->\n\n"), reader.Options{})
	if len(got.Documents) != 1 || len(got.Faults) != 0 || got.Documents[0].Adopted != "1998-05-29" {
		t.Errorf("%+v", got)
	}
	got = read(t, "laws/示例市节水办法(2012-09-27).md", []byte("# 示例市节水办法\n<!-- INFO END -->\n"), reader.Options{})
	if len(got.Documents) != 0 || len(got.Faults) != 1 {
		t.Errorf("nothing but a title: %+v", got)
	}
}
