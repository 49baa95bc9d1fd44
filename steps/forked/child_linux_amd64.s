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

// func cloneThread(flags, stack uintptr, b *box) int
TEXT ·cloneThread(SB), NOSPLIT|NOFRAME, $0-32
	MOVQ flags+0(FP), DI
	MOVQ stack+8(FP), SI
	MOVQ b+16(FP), R12
	XORL DX, DX
	XORL R10, R10
	XORL R8, R8
	MOVL $56, AX // clone
	SYSCALL
	TESTQ AX, AX
	JZ   thread
	MOVQ AX, ret+24(FP)
	RET

thread:
	// On the new stack: a return address, which nothing uses, and the argument.
	XORL BP, BP
	MOVQ R12, -8(SI)
	MOVQ $0, -16(SI)
	LEAQ -16(SI), SP
	LEAQ ·serve(SB), AX // the linker takes a jump there for a recursion
	JMP  AX

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
