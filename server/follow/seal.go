package follow

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// secretBytes is the length of the secret, from which two keys are made: one seals addresses, the other finds them.
const secretBytes = 32

// seal keeps addresses from whoever has the file and not the secret. An address is sealed with AES-256-GCM and a nonce of
// its own, and found by its HMAC: two sealings of one address have nothing in common, and without the secret nobody can try
// which addresses are there.
type seal struct {
	aead   cipher.AEAD
	finder []byte
}

func newSeal(secret []byte) (*seal, error) {
	key, err := hkdf.Key(sha256.New, secret, nil, "tongsou follow: seal addresses", 32)
	if err != nil {
		return nil, err
	}
	finder, err := hkdf.Key(sha256.New, secret, nil, "tongsou follow: find addresses", 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	return &seal{aead, finder}, err
}

// find is what an address is found by.
func (s *seal) find(email string) []byte {
	h := hmac.New(sha256.New, s.finder)
	h.Write([]byte("address\x00" + email))
	return h.Sum(nil)
}

// mark tells whether a file was written with this secret.
func (s *seal) mark() []byte {
	h := hmac.New(sha256.New, s.finder)
	h.Write([]byte("mark"))
	return h.Sum(nil)
}

// hide seals an address. It is bound to what it is found by: one put into another's row does not open.
func (s *seal) hide(email string) []byte {
	return s.aead.Seal(nil, nil, []byte(email), s.find(email))
}

// show opens a sealed address.
func (s *seal) show(sealed, found []byte) (string, error) {
	plain, err := s.aead.Open(nil, nil, sealed, found)
	if err != nil {
		return "", errors.New("an address does not open with the key; the file is damaged, restore it from a backup")
	}
	return string(plain), nil
}

// readSecret reads the secret of a key file: 64 hexadecimal digits.
func readSecret(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o007 != 0 {
		return nil, fmt.Errorf("the key file %s is open to everybody on this machine; run chmod 600 %s", path, path)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	secret, err := hex.DecodeString(strings.TrimSpace(string(raw)))
	if err != nil || len(secret) != secretBytes {
		return nil, fmt.Errorf("the key file %s must hold %d hexadecimal digits, as openssl rand -hex %d prints them", path, 2*secretBytes, secretBytes)
	}
	return secret, nil
}

// makeSecret makes a key file for its owner alone and reads it. It is on the disk before anything is sealed with it. When
// another process is faster its secret counts.
func makeSecret(path string) ([]byte, error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".key-*") // 0600
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.Remove(f.Name()) }() // under its own name it stays
	secret := make([]byte, secretBytes)
	_, _ = rand.Read(secret) // never fails: it ends the program instead
	_, err = f.WriteString(hex.EncodeToString(secret) + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, err
	}
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	if err := errors.Join(dir.Sync(), dir.Close()); err != nil {
		return nil, err
	}
	return readSecret(path)
}
