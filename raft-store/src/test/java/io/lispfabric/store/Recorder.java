package io.lispfabric.store;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A small real state machine: {@code key=value} stores a row, {@code key=} deletes it, and it
 * remembers all it was asked.
 */
public final class Recorder implements StateMachine {
    /** A command that it cannot apply. */
    public static final String POISON = "poison";

    private final SortedMap<String, String> rows = new TreeMap<>();
    private final List<String> applied = new ArrayList<>();
    private final List<String> released = new ArrayList<>();
    private final List<Boolean> leaderships = new ArrayList<>();
    private int loads;
    private volatile Runnable onLoad = () -> {};
    private volatile Runnable onRelease = () -> {};
    private volatile boolean mistaken;

    @Override
    public synchronized void load(Rows from) {
        onLoad.run();
        rows.clear();
        loads++;
        from.forEach((key, value) -> rows.put(new String(key, UTF_8), new String(value, UTF_8)));
    }

    @Override
    public synchronized Applied apply(LogPosition position, ByteBuffer command) {
        var text = UTF_8.decode(command).toString();
        if (text.equals(POISON)) {
            throw new IllegalStateException("poisoned");
        }
        applied.add(text);
        int equals = text.indexOf('=');
        var key = text.substring(0, equals);
        var value = text.substring(equals + 1) + (mistaken ? "!" : "");
        var write = write(key, value);
        return new Applied(List.of(write), () -> release(text));
    }

    private Write write(String key, String value) {
        if (value.isEmpty()) {
            rows.remove(key);
            return new Write.Delete(key.getBytes(UTF_8));
        }
        rows.put(key, value);
        return new Write.Put(key.getBytes(UTF_8), value.getBytes(UTF_8));
    }

    private void release(String text) {
        onRelease.run();
        synchronized (this) {
            released.add(text);
        }
    }

    @Override
    public synchronized void leadership(boolean leads, long term) {
        leaderships.add(leads);
    }

    /** From now on it writes other values than it should, as only a mistake of ours could. */
    public void mistake(boolean now) {
        mistaken = now;
    }

    public void onLoad(Runnable before) {
        onLoad = before;
    }

    public void onRelease(Runnable check) {
        onRelease = check;
    }

    public synchronized SortedMap<String, String> rows() {
        return new TreeMap<>(rows);
    }

    public synchronized List<String> applied() {
        return List.copyOf(applied);
    }

    public synchronized List<String> released() {
        return List.copyOf(released);
    }

    /** What it was last told. */
    public synchronized boolean leads() {
        return !leaderships.isEmpty() && leaderships.getLast();
    }

    public synchronized int loads() {
        return loads;
    }
}
