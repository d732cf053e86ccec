use super::*;

fn layout(size: usize) -> Layout {
    Layout::from_size_align(size, 1).unwrap()
}

#[test]
fn a_class_is_of_twice_the_size() {
    let sizes = [1, 16, 17, 32, 33, 1024, 1025, 2048, 2049];
    let classes = sizes.map(|size| class(layout(size)));
    assert_eq!(classes, [0, 0, 1, 1, 2, 6, 7, 7, CLASSES]);
    let wide = Layout::from_size_align(8, 32).unwrap();
    assert_eq!(class(wide), CLASSES);
}

#[test]
fn what_is_freed_is_given_again_to_its_class() {
    let memory = Memory::new();
    unsafe {
        let (first, second) = (memory.alloc(layout(20)), memory.alloc(layout(30)));
        assert_ne!(first, second);
        memory.dealloc(first, layout(20));
        memory.dealloc(second, layout(30));
        assert_eq!(memory.alloc(layout(17)), second);
        assert_eq!(memory.alloc(layout(32)), first);
        let third = memory.alloc(layout(32));
        assert!(third != first && third != second);
        for block in [first, second, third] {
            memory.dealloc(block, layout(32));
        }
    }
}

#[test]
fn what_grows_keeps_its_bytes() {
    let memory = Memory::new();
    let sizes = [
        1, 10, 16, 17, 40, 64, 2048, 2049, 100_000, 3000, 2048, 300, 5,
    ];
    unsafe {
        let mut size = 1;
        let mut block = memory.alloc(layout(size));
        block.write(7);
        for wanted in sizes {
            let stays = class(layout(size)) == class(layout(wanted)) && wanted <= 2048;
            let moved = memory.realloc(block, layout(size), wanted);
            assert!(moved == block || !stays, "{size} to {wanted}");
            (block, size) = (moved, wanted);
            let kept = size.min(5);
            for at in 1..kept {
                block.add(at).write(u8::try_from(at).unwrap());
            }
            assert_eq!(block.read(), 7);
        }
        for at in 1..5 {
            assert_eq!(usize::from(block.add(at).read()), at);
        }
        memory.dealloc(block, layout(size));
    }
}

#[test]
fn blocks_that_are_out_never_overlap() {
    let memory = Memory::new();
    let mut out: Vec<(*mut u8, usize, u8)> = Vec::new();
    let mut state = 7_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        usize::try_from(state >> 8).unwrap()
    };
    for turn in 0..20_000_u32 {
        if out.len() < 50 || next() % 2 == 0 {
            let size = 1 + next() % 3000;
            let mark = u8::try_from(turn % 251).unwrap();
            let block = unsafe { memory.alloc(layout(size)) };
            assert_eq!(block.addr() % 8, 0);
            unsafe { block.write_bytes(mark, size) };
            out.push((block, size, mark));
        } else {
            let (block, size, mark) = out.swap_remove(next() % out.len());
            let bytes = unsafe { std::slice::from_raw_parts(block, size) };
            assert!(bytes.iter().all(|byte| *byte == mark));
            unsafe { memory.dealloc(block, layout(size)) };
        }
    }
    for (block, size, _) in out {
        unsafe { memory.dealloc(block, layout(size)) };
    }
}

#[test]
fn copies_of_any_length_are_those_of_the_library() {
    let text: Vec<u8> = (0..=255).cycle().take(600).collect();
    for len in 0..280 {
        // Apart, and one over the other in either direction.
        for (from, to) in [
            (0, 300),
            (300, 0),
            (10, 9),
            (9, 10),
            (40, 7),
            (7, 40),
            (5, 5),
        ] {
            let (mut own, mut other) = (text.clone(), text.clone());
            let start = own.as_mut_ptr();
            unsafe { copy::sluice_copy(start.add(to), start.add(from), len) };
            other.copy_within(from..from + len, to);
            assert_eq!(own, other, "{len} bytes from {from} to {to}");
        }
    }
}
