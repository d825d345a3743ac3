package io.lispfabric.xtr.core;

import java.net.InetSocketAddress;
import java.util.List;

/**
 * The members of one Map-Server cluster: stay with the one that answers, try the next when none
 * does.
 */
final class Servers {
    private final List<InetSocketAddress> members;
    private int current;

    Servers(List<InetSocketAddress> members) {
        this.members = List.copyOf(members);
    }

    InetSocketAddress current() {
        return members.get(current);
    }

    void rotate() {
        current = (current + 1) % members.size();
    }

    void answered(InetSocketAddress by) {
        int index = members.indexOf(by);
        if (index >= 0) {
            current = index;
        }
    }
}
