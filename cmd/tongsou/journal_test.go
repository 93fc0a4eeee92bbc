package main

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestServeOpensTheDeskAndKeepsTheJournal gives the key by the environment, says something, and reads it on the desk
// after a restart.
func TestServeOpensTheDeskAndKeepsTheJournal(t *testing.T) {
	const key = "a key from the environment"
	t.Setenv("TONGSOU_ADMIN_KEY", key)
	data := withSample(t)
	address, stop := serving(t, data)
	res, err := http.PostForm(address+"/feedback", url.Values{"kind": {"search"}, "query": {"飞碟登记"}, "satisfied": {"0"}, "text": {"电话13912345678"}})
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if err := stop(); err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("feedback: %d, stop: %v", res.StatusCode, err)
	}
	address, _ = serving(t, data)
	if code, _ := fetch(t, address+"/staff"); code != http.StatusUnauthorized {
		t.Errorf("without the key: %d", code)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Jar: jar}
	res, err = client.PostForm(address+"/staff/login", url.Values{"key": {key}, "back": {"/staff/feedback"}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	var page strings.Builder
	if err := res.Write(&page); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(page.String(), "飞碟登记") || !strings.Contains(page.String(), "电话〔电话〕") {
		t.Errorf("the desk shows %s", page.String())
	}
}

func TestJournalIsOffWhenItIsSwitchedOff(t *testing.T) {
	t.Setenv("TONGSOU_JOURNAL", "false")
	data := withSample(t)
	address, _ := serving(t, data)
	_, page := fetch(t, address+"/search?q="+url.QueryEscape("户口"))
	if strings.Contains(string(page), "/feedback") {
		t.Error("the page asks for feedback though nothing is kept")
	}
	if _, err := os.Stat(filepath.Join(data, "journal.db")); !os.IsNotExist(err) {
		t.Errorf("there is a journal: %v", err)
	}
}

func TestShortKeyIsRefusedAndNotShown(t *testing.T) {
	t.Setenv("TONGSOU_ADMIN_KEY", "secret")
	_, err := tongsou(t, "check", "--data", t.TempDir())
	if err == nil || !strings.Contains(err.Error(), "至少 12 个字符") || strings.Contains(err.Error(), "secret") {
		t.Errorf("got %v", err)
	}
}
