/* models/backup.pml - a subject is erased while a backup is made.
 *
 * The subject's bytes lie in block 1, the same chunk without it goes to block 2. The eraser writes
 * block 2, drops block 1, checkpoints, and reclaims until nothing dropped is left; then erasing is
 * complete. A backup takes the list of the last checkpoint and a pin in one step and copies block
 * by block. Its pin must be as old as that checkpoint: a block dropped since is still on the list.
 * Claims: a backup that begins when erasing is complete does not hold the subject; every backup
 * holds whole blocks; while a backup copies the subject's block, erasing is not complete.
 *
 * GUARD=0: the pin is of now, as a reader's is. */
#ifndef GUARD
#define GUARD 1
#endif
#define NO_PIN 9

byte extent[3];       /* content of blocks 1 and 2: their number, 0 for zeros or nothing */
byte listed = 1;      /* the block of the chunk in the last checkpoint */
byte stamp;           /* of the newest drop */
byte published_stamp; /* of the newest drop that the last checkpoint knows of */
byte pin = NO_PIN;    /* stamp of the backup's pin */
bool complete;

proctype Eraser() {
    byte dropped;
    extent[2] = 2;
    atomic { stamp++; dropped = stamp };
    atomic { listed = 2; published_stamp = stamp };
    /* Zeroed when the checkpoint without it is done and no older pin holds it. */
    pin >= dropped;
    extent[1] = 0;
    complete = true
}

proctype Backup() {
    byte block, rounds = 0;
    bool late;
    do
    :: rounds < 2 ->
        atomic {
            late = complete;
            block = listed;
            pin = (GUARD -> published_stamp : stamp)
        };
        assert(!late || block == 2);
        assert(extent[block] == block);
        assert(block != 1 || !complete);
        pin = NO_PIN;
        rounds++
    :: else -> break
    od
}

init {
    atomic {
        extent[1] = 1;
        run Eraser();
        run Backup()
    }
}
