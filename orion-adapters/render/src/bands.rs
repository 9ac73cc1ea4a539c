//! Parts of a frame, worked on at the same time where the machine has cores to spare.

use rayon::prelude::*;

/// With no more cores than this one thread draws: the encoder keeps them busy, and to wake another thread for a
/// millisecond of work costs about as much as it brings.
const FEW: usize = 2;

/// Does `work` on every part; `room` makes what a thread keeps from part to part.
pub(crate) fn each<T: Send, R: Send>(
    parts: Vec<T>,
    room: impl Fn() -> R + Sync + Send,
    work: impl Fn(&mut R, T) + Sync + Send,
) {
    if rayon::current_num_threads() > FEW {
        return parts.into_par_iter().for_each_init(room, work);
    }
    let mut room = room();
    parts.into_iter().for_each(|part| work(&mut room, part));
}
