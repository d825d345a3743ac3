/**
 * LISP-SEC between our own server and agents, over real sockets. Start at {@link
 * io.lispfabric.conformance.lispsec.LispSecEndToEndTest}.
 */
@NullMarked
package io.lispfabric.conformance.lispsec;

import org.jspecify.annotations.NullMarked;
