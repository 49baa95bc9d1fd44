package steps

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"sync"
)

func sumOf(h hash.Hash) *SHA256 {
	return &SHA256{Hex: sync.OnceValue(func() string { return hex.EncodeToString(h.Sum(nil)) })}
}

// digest is the SHA-256 of the content, and what must be given the bytes as they
// go: only those that cannot be had again are hashed then.
func (c *content) digest() (*SHA256, io.Writer) {
	switch {
	case c.once:
		h := sha256.New()
		return sumOf(h), h
	case c.sum == nil:
		open := c.open
		c.sum = &SHA256{Hex: sync.OnceValue(func() string {
			h := sha256.New()
			io.Copy(h, open()) // none of these readers fails
			return hex.EncodeToString(h.Sum(nil))
		})}
	}
	return c.sum, io.Discard
}
