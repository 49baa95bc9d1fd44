package value

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"sync"

	"github.com/sockscript/sockscript/steps/event"
)

func sumOf(h hash.Hash) *event.SHA256 {
	return &event.SHA256{Hex: sync.OnceValue(func() string { return hex.EncodeToString(h.Sum(nil)) })}
}

// Digest is the SHA-256 of the content, and what must be given the bytes as they
// go: only those that cannot be had again are hashed then.
func (c *Content) Digest() (*event.SHA256, io.Writer) {
	switch {
	case c.Once:
		h := sha256.New()
		return sumOf(h), h
	case c.sum == nil:
		open := c.Open
		c.sum = &event.SHA256{Hex: sync.OnceValue(func() string {
			h := sha256.New()
			io.Copy(h, open()) // none of these readers fails
			return hex.EncodeToString(h.Sum(nil))
		})}
	}
	return c.sum, io.Discard
}
