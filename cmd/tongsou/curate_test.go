package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// call sends a request of the admin API and returns its status and answer.
func call(t *testing.T, key, method, address, body string) (int, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+key)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, raw
}

// TestKeysOpenTheAdminAPI makes a key while a server runs, puts a document in, and finds it within two seconds.
func TestKeysOpenTheAdminAPI(t *testing.T) {
	data := withSample(t)
	address, stop := serving(t, data)
	editor := strings.TrimSpace(must(t, "key", "create", "--data", data, "--name", "门户", "--role", "editor", "--days", "7"))
	const line = `{"id": "api-1", "kind": "news", "title": "飞碟登记窗口开放", "published": "2026-01-02", "sections": [{"id": "p1", "text": "飞碟登记今天开始。"}]}`
	code, raw := call(t, editor, http.MethodPost, address+"/api/v1/admin/documents?source="+url.QueryEscape("门户"), line)
	if code != http.StatusOK || !strings.Contains(string(raw), `"added":1`) {
		t.Fatalf("%d %s", code, raw)
	}
	end := time.Now().Add(2 * time.Second)
	for found := false; !found; time.Sleep(50 * time.Millisecond) {
		_, answer := fetch(t, address+"/api/v1/search?q="+url.QueryEscape("飞碟登记"))
		if found = strings.Contains(string(answer), `"api-1"`); !found && time.Now().After(end) {
			t.Fatal("it cannot be found after two seconds")
		}
	}
	var listed struct {
		Keys []struct{ ID, Name, Role string }
	}
	if err := json.Unmarshal([]byte(must(t, "key", "list", "--data", data, "--json")), &listed); err != nil || len(listed.Keys) != 1 || listed.Keys[0].Name != "门户" {
		t.Fatalf("listed %+v, %v", listed, err)
	}
	if out := must(t, "key", "--data", data); !strings.Contains(out, "门户") || strings.Contains(out, editor) {
		t.Errorf("the list is %s", out)
	}
	must(t, "key", "revoke", "--data", data, listed.Keys[0].ID)
	if code, _ := call(t, editor, http.MethodGet, address+"/api/v1/admin/entries", ""); code != http.StatusUnauthorized {
		t.Errorf("a revoked key is answered by %d", code)
	}
	if _, err := tongsou(t, "key", "revoke", "--data", data, "nobody"); err == nil || !strings.Contains(err.Error(), "nobody") {
		t.Errorf("revoking nobody's: %v", err)
	}
	if _, err := tongsou(t, "key", "create", "--data", data, "--name", "x", "--role", "root"); err == nil || !strings.Contains(err.Error(), "--role") {
		t.Errorf("an unknown role: %v", err)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join(data, "curation.db"))
	if err != nil || strings.Contains(string(raw), strings.Split(editor, "_")[2]) {
		t.Errorf("the secret is in the file, %v", err)
	}
}

// TestEntriesOutliveARestart publishes a synonym, and finds by it after the server was started anew.
func TestEntriesOutliveARestart(t *testing.T) {
	data := withSample(t)
	address, stop := serving(t, data)
	key := strings.TrimSpace(must(t, "key", "create", "--data", data, "--name", "x", "--role", "owner"))
	admin := address + "/api/v1/admin/"
	if code, raw := call(t, key, http.MethodPost, admin+"entries", `{"kind": "synonym", "text": "飞碟证", "term": "居住证"}`); code != http.StatusCreated {
		t.Fatalf("%d %s", code, raw)
	}
	var effect struct{ Revision string }
	if code, raw := call(t, key, http.MethodGet, admin+"effect", ""); code != http.StatusOK || json.Unmarshal(raw, &effect) != nil {
		t.Fatalf("%d %s", code, raw)
	}
	if code, raw := call(t, key, http.MethodPost, admin+"versions", `{"revision": "`+effect.Revision+`"}`); code != http.StatusCreated {
		t.Fatalf("%d %s", code, raw)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	address, _ = serving(t, data)
	if _, raw := fetch(t, address+"/api/v1/search?q="+url.QueryEscape("办飞碟证")); !strings.Contains(string(raw), "飞碟证→居住证") {
		t.Errorf("the synonym is forgotten: %.300s", raw)
	}
}

// TestServePullsItsSources fills a folder while a server runs that watches it.
func TestServePullsItsSources(t *testing.T) {
	data, inbox := withSample(t), t.TempDir()
	path := write(t, filepath.Join(inbox, "a.jsonl"), `{"title": "飞碟登记窗口开放", "date": "2023-02-03", "text": "飞碟登记今天开始。"}`)
	old := time.Now().Add(-time.Minute)
	if err := os.Chtimes(path, old, old); err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	write(t, "tongsou.yaml", "sources:\n  - {name: 收件, kind: folder, path: "+inbox+"}\n")
	address, _ := serving(t, data)
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		if _, answer := fetch(t, address+"/api/v1/search?q="+url.QueryEscape("飞碟登记")); strings.Contains(string(answer), "窗口开放") {
			break
		}
		if time.Now().After(end) {
			t.Fatal("what lies in the folder cannot be found")
		}
	}
}

func TestSourcesThatAreNone(t *testing.T) {
	t.Chdir(t.TempDir())
	for what, source := range map[string]string{
		"no kind": "{name: x}", "no address": "{name: x, kind: json}", "an unknown key": "{name: x, kind: folder, path: y, colour: red}",
	} {
		write(t, "tongsou.yaml", "sources: ["+source+"]\n")
		if _, err := tongsou(t, "serve", "--data", t.TempDir()); err == nil || !strings.Contains(err.Error(), "tongsou.yaml") {
			t.Errorf("%s: %v", what, err)
		}
	}
}
