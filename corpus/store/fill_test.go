package store_test

import (
	"fmt"
	"reflect"

	"tongsou/corpus"
)

// fill sets every field of a document, also those that are added to the type one day, to values drawn from seed and, when
// it is used up, to values that are all different. Lists get one or two members.
func fill(d *corpus.Document, seed []byte) {
	f := &filler{seed: seed}
	f.value(reflect.ValueOf(d).Elem())
}

type filler struct {
	seed []byte
	n    int
}

func (f *filler) value(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			f.value(v.Field(i))
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		f.value(v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1+f.next()%2, 2))
		for i := range v.Len() {
			f.value(v.Index(i))
		}
	case reflect.String:
		v.SetString(f.text())
	case reflect.Int:
		v.SetInt(int64(1 + f.next()))
	case reflect.Bool:
		v.SetBool(true)
	default:
		panic(fmt.Sprintf("teach fill about %s", v.Type()))
	}
}

// next is a byte of the seed, else a count.
func (f *filler) next() int {
	f.n++
	if len(f.seed) == 0 {
		return f.n
	}
	b := f.seed[0]
	f.seed = f.seed[1:]
	return int(b)
}

// text is up to 15 bytes of the seed, as wild as they are, else a text of its own.
func (f *filler) text() string {
	if len(f.seed) == 0 {
		f.n++
		return fmt.Sprintf("第%d项\n<&>\"\\\u2028", f.n)
	}
	n := min(f.next()%16, len(f.seed))
	s := string(f.seed[:n])
	f.seed = f.seed[n:]
	return s
}
