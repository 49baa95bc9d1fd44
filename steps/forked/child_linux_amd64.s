#include "textflag.h"

// func load(p *uint32) uint32
TEXT ·load(SB), NOSPLIT, $0-12
	MOVQ p+0(FP), AX
	MOVL (AX), AX
	MOVL AX, ret+8(FP)
	RET

// func store(p *uint32, v uint32)
TEXT ·store(SB), NOSPLIT, $0-12
	MOVQ p+0(FP), AX
	MOVL v+8(FP), CX
	XCHGL CX, (AX)
	RET

// func clone(flags, stack, function uintptr, b *box) int
TEXT ·clone(SB), NOSPLIT|NOFRAME, $0-40
	MOVQ flags+0(FP), DI
	MOVQ stack+8(FP), SI
	MOVQ function+16(FP), R13
	MOVQ b+24(FP), R12
	XORL DX, DX
	XORL R10, R10
	MOVQ SI, R8 // what is local to the thread, if the flags ask for it
	MOVL $56, AX // clone
	SYSCALL
	TESTQ AX, AX
	JZ   child
	MOVQ AX, ret+32(FP)
	RET

child:
	// On the new stack: a return address, which nothing uses, and room for the
	// argument, which Go's functions expect in AX, and 0 in X15.
	XORL  BP, BP
	XORPS X15, X15
	MOVQ  $0, -16(SI)
	LEAQ  -16(SI), SP
	MOVQ  R12, AX
	JMP   R13

// func handlers() (count, restorer uintptr)
TEXT ·handlers(SB), NOSPLIT, $0-16
	LEAQ countSignal<>(SB), AX
	MOVQ AX, count+0(FP)
	LEAQ restore<>(SB), AX
	MOVQ AX, restorer+8(FP)
	RET

// The kernel calls it with a signal in DI and a ucontext in DX, whose uc_stack
// at 16 begins with the address of the stack for handlers. The counters are the
// 512 bytes below that.
TEXT countSignal<>(SB), NOSPLIT|NOFRAME, $0
	MOVQ 16(DX), AX
	MOVL DI, DI
	LOCK
	INCL -512(AX)(DI*4)
	RET

TEXT restore<>(SB), NOSPLIT|NOFRAME, $0
	MOVL $15, AX // rt_sigreturn
	SYSCALL
	INT  $3
