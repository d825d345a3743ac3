package io.lispfabric.xtr.app;

import io.lispfabric.xtr.core.XtrEvent;

/**
 * Is told what happens in an xTR, on the xTR's loop: it must neither block nor call the xTR's
 * methods that open or close something.
 */
@FunctionalInterface
public interface XtrListener {
    XtrListener NONE = _ -> {};

    void onEvent(XtrEvent event);

    /** Whether it wants to be told of every packet too. */
    default boolean wantsPackets() {
        return false;
    }

    /** A listener that is told of packets too. */
    static XtrListener withPackets(XtrListener listener) {
        return new XtrListener() {
            @Override
            public void onEvent(XtrEvent event) {
                listener.onEvent(event);
            }

            @Override
            public boolean wantsPackets() {
                return true;
            }
        };
    }
}
