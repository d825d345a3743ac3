/**
 * The xTR agent as a program: settings, sockets, timers, and what operators look at. Start at
 * {@link io.lispfabric.xtr.app.XtrAgent}.
 */
@NullMarked
package io.lispfabric.xtr.app;

import org.jspecify.annotations.NullMarked;
