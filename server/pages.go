package server

import (
	"fmt"
	"strings"

	"tongsou/corpus"
)

func stale(v corpus.Validity) bool { return v != corpus.InForce && v != corpus.NoValidity }

func limitText(l corpus.Limit) string {
	switch {
	case l.IsZero():
		return ""
	case l.Instant:
		return "当场办好"
	}
	return fmt.Sprintf("%d 个%s", l.Days, l.Unit)
}

func visitsText(n *int) string {
	switch {
	case n == nil:
		return ""
	case *n == 0:
		return "不用跑"
	}
	return fmt.Sprintf("%d 次", *n)
}

func feeText(free bool, fees []string) string {
	if free {
		return "不收费"
	}
	return strings.Join(fees, "；")
}
