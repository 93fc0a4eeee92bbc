// Package sample is a small corpus for a first run: service items, policies and news of 内蒙古自治区. The words are the
// project's own and the facts real, but it is sample data, marked as such on every document: what counts is what the
// departments publish.
package sample

import "embed"

// Source is the name under which the store holds the sample, so that it can be deleted as one.
const Source = "sample"

// Files holds the sample as files that the readers of tongsou read: items/*.yaml, policies/*.md and news/*.md.
//
//go:embed items/*.yaml policies/*.md news/*.md
var Files embed.FS
