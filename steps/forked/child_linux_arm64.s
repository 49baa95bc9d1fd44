#include "textflag.h"

// func load(p *uint32) uint32
TEXT ·load(SB), NOSPLIT, $0-12
	MOVD p+0(FP), R0
	LDARW (R0), R0
	MOVW R0, ret+8(FP)
	RET

// func store(p *uint32, v uint32)
TEXT ·store(SB), NOSPLIT, $0-12
	MOVD p+0(FP), R0
	MOVW v+8(FP), R1
	STLRW R1, (R0)
	RET

// func clone(flags, stack, function uintptr, b *box) int
TEXT ·clone(SB), NOSPLIT|NOFRAME, $0-40
	MOVD flags+0(FP), R0
	MOVD stack+8(FP), R1
	MOVD function+16(FP), R11
	MOVD b+24(FP), R10
	MOVD $0, R2
	MOVD $0, R3
	MOVD $0, R4
	MOVD $220, R8 // clone
	SVC
	CBZ  R0, child
	MOVD R0, ret+32(FP)
	RET

child:
	// On the new stack: the place of a return address, and room for the argument,
	// which Go's functions expect in R0.
	MOVD $0, R29
	MOVD $0, R30
	SUB  $32, RSP
	MOVD R10, R0
	JMP  (R11)

// func handlers() (count, restorer uintptr)
TEXT ·handlers(SB), NOSPLIT, $0-16
	MOVD $countSignal<>(SB), R0
	MOVD R0, count+0(FP)
	MOVD $restore<>(SB), R0
	MOVD R0, restorer+8(FP)
	RET

// The kernel calls it with a signal in R0 and a ucontext in R2, whose uc_stack
// at 16 begins with the address of the stack for handlers. The counters are the
// 512 bytes below that.
TEXT countSignal<>(SB), NOSPLIT|NOFRAME, $0
	MOVD 16(R2), R3
	SUB  $512, R3
	ADD  R0<<2, R3
again:
	LDAXRW (R3), R4
	ADD  $1, R4
	STLXRW R4, (R3), R5
	CBNZ R5, again
	RET

TEXT restore<>(SB), NOSPLIT|NOFRAME, $0
	MOVD $139, R8 // rt_sigreturn
	SVC
	BRK
