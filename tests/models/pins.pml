/* models/pins.pml - readers hold what the writer drops, zeroes and uses again.
 *
 * One extent. The writer puts a block there, publishes it, drops it, checkpoints, zeroes it when
 * no older pin is left, and puts the next block there (src/disk/disk_publish.c, blocks_retire). A
 * reader takes a pin and the block of the newest snapshot in one step and reads it in two. Claim:
 * it reads the block that it was given.
 *
 * GUARD=0: zeroing does not wait for pins. */
#ifndef GUARD
#define GUARD 1
#endif
#define READERS 2
#define BLOCKS 4

byte content = 1;   /* of the extent: number of the block there, 0 for zeros */
byte current = 1;   /* block of the newest snapshot, 0: none */
byte stamp;         /* of the newest drop */
byte pins[READERS]; /* stamp at which each reader pinned, plus one; 0: no pin */

proctype Reader(byte me) {
    byte block, rounds = 0;
    do
    :: rounds < 2 ->
        atomic {
            block = current;
            pins[me] = stamp + 1
        };
        if
        :: block != 0 ->
            assert(content == block); /* the first half of the bytes */
            assert(content == block)  /* the second half */
        :: else
        fi;
        pins[me] = 0;
        rounds++
    :: else -> break
    od
}

proctype Writer() {
    byte dropped, next = 2;
    do
    :: next <= BLOCKS ->
        atomic {
            stamp++;
            dropped = stamp;
            current = 0
        };
        /* Without the guard the checkpoint alone decides. */
        !GUARD || ((pins[0] == 0 || pins[0] > dropped) && (pins[1] == 0 || pins[1] > dropped));
        content = 0;
        content = next;
        current = next;
        next++
    :: else -> break
    od
}

init {
    atomic {
        run Reader(0);
        run Reader(1);
        run Writer()
    }
}
