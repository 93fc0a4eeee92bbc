package embedded

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"

	"tongsou/index"
)

// Hold takes the index in the folder at path for the caller alone, without opening it, until release is called. An error
// wraps index.ErrLocked when another process has it. Where there is no index nobody has it.
func Hold(path string) (release func() error, err error) {
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return func() error { return nil }, nil
	}
	lock := flock.New(filepath.Join(path, "lock"))
	held, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock index %s: %w", path, err)
	}
	if !held {
		return nil, fmt.Errorf("hold index %s: %w", path, index.ErrLocked)
	}
	return lock.Unlock, nil
}
