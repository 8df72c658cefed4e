//! The response driven: the commit machine's decisions, framed, into the output.

use std::task::{Context, Poll, Waker};

use rgi_core::server::{Level, Payload};
use rgi_core::{App, End};
use rgi_http1::{Output, Turn};

use super::{Conn, FAIR, Phase, Step};
use crate::core::{Core, Model};
use crate::job::{Stage, Written};
use crate::line::Rest;

impl<B: rgi_core::Body> Conn<B> {
    /// Drives the job.
    pub(super) fn busy<A: App<Body = B>>(
        &mut self,
        core: &mut Core<A>,
        output: &mut Output,
    ) -> Step {
        let waker = Waker::from(self.line.clone());
        let mut cx = Context::from_waker(&waker);
        let mut blocks = 0;
        let mut full = false;
        if core.watch().is_some() {
            self.line.set_clear(output.is_empty());
        }
        // A wake may come for another reason than room for the block before. What was cut needs
        // not wait for it.
        if self.is_backed_up(core, output) {
            match self.flush(core, output) {
                Ok(true) => {}
                Ok(false) => return Step::Full,
                Err(_) => return self.lose(core, output),
            }
        }
        loop {
            let Some(job) = self.job.as_mut() else {
                return Step::Close;
            };
            let mut job = job.as_mut().project();
            let (Some(mut response), Some(turn)) =
                (job.response.as_mut().as_pin_mut(), job.turn.as_mut())
            else {
                return Step::Close;
            };
            match job.stage {
                Stage::Head => {
                    let Poll::Ready(commit) = response.as_mut().poll_head(&mut cx) else {
                        if self.line.has_interim() {
                            output.small(|out| self.line.take_interim(out));
                        }
                        return self.pending(core, output);
                    };
                    core.tick_if_blocked();
                    if let Some(error) = response.error() {
                        // A peer that is gone gets silence.
                        if error.is_disconnected() {
                            return self.lose(core, output);
                        }
                        let status = commit.head.status;
                        let level = Level::of_failure(status);
                        let status = status.as_u16();
                        core.log(level, format_args!("{}: {status}: {error}", job.label));
                    }
                    // From here on nothing interim may go out.
                    if !self.line.commit(*job.has_body, output) {
                        turn.close();
                    }
                    if core.stopping {
                        turn.close();
                    }
                    turn.head(&commit, &core.stamp, output);
                    *job.stage = Stage::Payload;
                    if response.is_end() {
                        turn.end(None, output);
                        *job.stage = Stage::Written;
                    }
                }
                Stage::Payload => match response.as_mut().poll_payload(&mut cx) {
                    Poll::Pending => return self.pending(core, output),
                    Poll::Ready(None) => {
                        turn.end(None, output);
                        *job.stage = Stage::Written;
                    }
                    Poll::Ready(Some(Ok(payload))) => {
                        match payload {
                            Payload::Data(data) => turn.data(data, output),
                            Payload::File(region) => turn.file(region, output),
                            Payload::Flush => {}
                            Payload::Trailers(trailers) => {
                                turn.end(Some(&trailers), output);
                                *job.stage = Stage::Written;
                                continue;
                            }
                            Payload::Upgrade(demand) => {
                                *job.stage = Stage::Handover(demand);
                                continue;
                            }
                        }
                        if response.is_end() {
                            turn.end(None, output);
                            *job.stage = Stage::Written;
                            continue;
                        }
                        // A block is sent, or has room, before the next one is asked for.
                        blocks += 1;
                        if !full {
                            match self.flush(core, output) {
                                Ok(all) => full = !all,
                                Err(_) => return self.lose(core, output),
                            }
                        }
                        if full && output.len() > core.room {
                            return Step::Full;
                        }
                        if blocks >= FAIR {
                            return Step::Yield;
                        }
                    }
                    Poll::Ready(Some(Err(_))) => {
                        return match response.error() {
                            Some(error) if error.is_disconnected() => self.lose(core, output),
                            _ => self.cut(core, output),
                        };
                    }
                },
                Stage::Handover(_) => {
                    match self.flush(core, output) {
                        Ok(true) => {}
                        Ok(false) => return Step::Full,
                        Err(_) => return self.lose(core, output),
                    }
                    let leftover = std::mem::take(&mut self.input);
                    let transport = self.line.switch(leftover);
                    let Some(job) = self.job.as_mut() else {
                        return Step::Close;
                    };
                    let stage = std::mem::replace(job.as_mut().project().stage, Stage::Switched);
                    if let Some(watch) = core.watch() {
                        watch.switch();
                    }
                    if let Stage::Handover(demand) = stage {
                        demand.fulfil(transport);
                    }
                }
                Stage::Switched => match response.as_mut().poll_payload(&mut cx) {
                    Poll::Pending => return Step::Wait,
                    Poll::Ready(end) => {
                        if end.is_some()
                            && let Some(error) = response.error().filter(|e| !e.is_disconnected())
                        {
                            let level = Level::of_cut(error);
                            core.log(level, format_args!("{}: {error}", job.label));
                        }
                        *job.stage = Stage::Written;
                    }
                },
                Stage::Written => return self.wrote(core),
            }
        }
    }

    /// Whether a block stands in the output that must be sent before the next one is asked for.
    fn is_backed_up<A: App<Body = B>>(&self, core: &Core<A>, output: &Output) -> bool {
        let response = self
            .job
            .as_ref()
            .filter(|job| matches!(job.stage, Stage::Payload));
        let response = response.and_then(|job| job.response.as_ref());
        output.len() > core.room && response.is_some_and(|response| !response.is_cut())
    }

    /// All of a response is in the output: what comes next?
    fn wrote<A: App<Body = B>>(&mut self, core: &mut Core<A>) -> Step {
        let Some(mut job) = self.job.take() else {
            return Step::Close;
        };
        match &mut core.model {
            Model::Exclusive(exclusive) => exclusive.leave(self.line.token()),
            Model::Pooled(pooled) => pooled.watch.end(),
            Model::Loop | Model::Front(_) => {}
        }
        let this = job.as_mut().project();
        let keep_alive = this.turn.as_ref().is_some_and(Turn::keep_alive);
        let rest = if *this.has_body {
            self.line.end_body()
        } else {
            None
        };
        let due = *this.due;
        if let Some(ending) = job.as_mut().settle() {
            if self.written.capacity() == 0 {
                // Mostly there is one, and the place for it stays.
                self.written.reserve_exact(1);
            }
            self.written.push(Written { ending, due });
        }
        core.give_job(job);
        if !keep_alive {
            return self.begin_close();
        }
        self.phase = match rest {
            None => Phase::Idle,
            Some(Rest {
                buf,
                failed: false,
                expects: false,
                reader,
            }) => {
                self.input = buf;
                match reader.is_end() {
                    true => Phase::Idle,
                    false => Phase::Discarding(Box::new(reader)),
                }
            }
            Some(_) => return self.begin_close(),
        };
        Step::Again
    }

    /// The response cannot be completed: the client must see it.
    pub(super) fn cut<A: App<Body = B>>(
        &mut self,
        core: &mut Core<A>,
        output: &mut Output,
    ) -> Step {
        let _ = self.flush(core, output);
        if let Some(mut job) = self.job.take() {
            let this = job.as_mut().project();
            let response = this.response.as_ref().as_pin_ref();
            let error = response.as_ref().and_then(|it| it.error());
            if let Some(error) = error.filter(|error| !error.is_disconnected()) {
                let level = Level::of_cut(error);
                core.log(level, format_args!("{}: cut: {error}", this.label));
            }
            job.as_mut().finish(Some(End::Truncated));
            core.give_job(job);
        }
        self.line.socket.reset_on_close();
        Step::Close
    }
}
